/** Ids as long as the product's (16 characters), so that both serialise as many bytes. */
export function predictionIds(): () => string {
  let counter = 0;
  return () => (counter++).toString(36).padStart(16, '0');
}
