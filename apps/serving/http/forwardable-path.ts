import { rejection, type Rejection } from '#libs/contracts/index.js';
import { pathOf } from './size-limits.js';

/** Longest segment of an address, in characters as they are sent. */
const longestSegment = 2_048;
const shownCharacters = 200;

/** Whether something could be there: an address that decodes, that does not leave its root and names no other host. */
export function isForwardable(path: string): boolean {
  if (path.startsWith('//') || path.split('/').some((segment) => segment.length > longestSegment)) return false;
  try {
    return !decodeURIComponent(path)
      .split(/[/\\]/)
      .some((segment) => segment === '.' || segment === '..');
  } catch {
    return false;
  }
}

export function nothingAt(url: string): Rejection {
  const path = pathOf(url);
  const shown = path.length > shownCharacters ? `${path.slice(0, shownCharacters)}…` : path;
  return rejection('not_found', `nothing can be at ${shown}`);
}
