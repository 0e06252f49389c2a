import { Random } from '#libs/learning/index.js';

/** So many normal numbers. */
export function normals(count: number, seed: number, mean = 0): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => mean + random.normal());
}

/** So many numbers, each as likely between 0 and 1. */
export function uniforms(count: number, seed: number): number[] {
  const random = new Random(seed, 1);
  return Array.from({ length: count }, () => random.float());
}

/** So many texts of these, each as likely. */
export function texts(count: number, seed: number, of: readonly string[]): string[] {
  const random = new Random(seed, 2);
  return Array.from({ length: count }, () => of[random.below(of.length)]!);
}
