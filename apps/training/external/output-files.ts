import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { metrics } from '#libs/contracts/index.js';
import { accept, messageOf, reject, type Result } from '#libs/kernel/index.js';
import { readSignature } from '#libs/onnx/index.js';

/** What a command leaves in its output folder. */
export interface TrainerOutput {
  readonly onnx: Uint8Array;
  /** What it measured itself. */
  readonly metrics: Readonly<Record<string, number>>;
  /** null: as the graph calls its inputs. */
  readonly featureNames: readonly string[] | null;
  /** Features that may be missing; left out: not told. */
  readonly nullable?: readonly string[];
}

const MiB = 1024 * 1024;

/** Largest files, in bytes, and most entries of each. */
const limits = {
  // What the stages that follow read, and serving loads.
  model: 1024 * MiB,
  text: 4 * MiB,
  metrics: 1000,
  names: 100_000,
};

/** Leaves a reading function from any depth. */
class Unreadable extends Error {}

/**
 * Reads `model.onnx` and `metrics.json` (an object of numbers), and if they are there `feature_names` and
 * `nullable_features` (a name on each line, or a JSON array of them). Only regular files count: no link is followed.
 * Refused with a sentence that names the file, what was found and what was expected.
 */
export async function readOutput(folder: string): Promise<Result<TrainerOutput, string>> {
  try {
    const onnx = await read(folder, 'model.onnx', limits.model);
    const measured = metricsIn(await readText(folder, 'metrics.json'));
    const featureNames = await namesIn(folder, 'feature_names');
    const nullable = await namesIn(folder, 'nullable_features');
    refuseUnservable(onnx, featureNames, nullable);
    return accept({ onnx, metrics: measured, featureNames, ...(nullable === null ? {} : { nullable }) });
  } catch (error) {
    if (error instanceof Unreadable) return reject(error.message);
    throw error;
  }
}

async function read(folder: string, name: string, most: number): Promise<Uint8Array> {
  const found = await readIfPresent(folder, name, most);
  if (found === null) throw new Unreadable(`${name} is missing from the output folder`);
  return found;
}

const readText = async (folder: string, name: string): Promise<string> =>
  textIn(name, await read(folder, name, limits.text));

async function readIfPresent(folder: string, name: string, most: number): Promise<Uint8Array | null> {
  const file = await openRegular(folder, name);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    if (size === 0) throw new Unreadable(`${name} is empty`);
    if (size > most) throw new Unreadable(`${name} has ${size} bytes, expected at most ${most}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Opened without following a link and without waiting for the other end of a pipe. null: there is no such file. */
async function openRegular(folder: string, name: string): Promise<FileHandle | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const file = await open(join(folder, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP' || code === 'EMLINK') throw new Unreadable(`${name} is a link, expected a regular file`);
    throw new Unreadable(`${name} cannot be read: ${messageOf(error)}`);
  }
  throw new Unreadable(`${name} is not a regular file`);
}

function textIn(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Unreadable(`${name} is not UTF-8 text`);
  }
}

function metricsIn(text: string): Record<string, number> {
  const parsed = metrics.safeParse(jsonIn('metrics.json', text));
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
    const where = path.length === 0 ? '' : ` '${path.map(String).join('.')}'`;
    throw new Unreadable(`metrics.json${where}: ${message}; expected an object of finite numbers by name`);
  }
  const count = Object.keys(parsed.data).length;
  if (count > limits.metrics)
    throw new Unreadable(`metrics.json has ${count} metrics, expected at most ${limits.metrics}`);
  return parsed.data;
}

function jsonIn(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Unreadable(`${name} is not JSON: ${messageOf(error)}`);
  }
}

async function namesIn(folder: string, name: string): Promise<readonly string[] | null> {
  const bytes = await readIfPresent(folder, name, limits.text);
  if (bytes === null) return null;
  const text = textIn(name, bytes);
  const names = text.trimStart().startsWith('[') ? arrayIn(name, text) : linesIn(text);
  if (names.length > limits.names)
    throw new Unreadable(`${name} has ${names.length} names, expected at most ${limits.names}`);
  return names;
}

const linesIn = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== '');

function arrayIn(name: string, text: string): string[] {
  const parsed = z.array(z.string().min(1)).safeParse(jsonIn(name, text));
  if (!parsed.success) throw new Unreadable(`${name} is a JSON array of other things, expected one of names`);
  return parsed.data;
}

function refuseUnservable(
  onnx: Uint8Array,
  featureNames: readonly string[] | null,
  nullable: readonly string[] | null,
): void {
  const signature = readSignature(onnx, { featureNames: featureNames ?? undefined, nullable: nullable ?? undefined });
  if (signature.ok) return;
  const { code, detail } = signature.rejection;
  const names = ['feature_names', ...(nullable === null ? [] : ['nullable_features'])].join(' and ');
  const about = code === 'signature_mismatch' ? `${names} do not fit model.onnx` : 'model.onnx';
  throw new Unreadable(`${about}: ${detail}`);
}
