/** User and password of every URL in a text. A password may hold `@` and `/`: everything up to the last `@` goes. */
export const withoutUserInfo = (text: string): string => text.replaceAll(/:\/\/[^\s"']*@/g, '://***@');

/** Names of fields and variables whose values never leave the process. */
export const isSecretName = (name: string): boolean =>
  /pass(word)?$|secret|token$|authorization|cookie|webhook|api_?key/i.test(name);
