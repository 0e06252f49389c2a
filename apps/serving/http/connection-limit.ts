import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { problemOf, rejection } from '#libs/contracts/index.js';

/** Of the files that the process may have open; the rest is for the log, the api and artifacts. */
const connectionShare = 0.9;

/** How long a refused client is given to read why, and how many may do so at once. */
const lingerMs = 2_000;
const mostLingering = 64;

/** How many connections the system lets this process hold; undefined where it does not say (no Linux). */
export function systemConnectionLimit(limitsFile = '/proc/self/limits'): number | undefined {
  let limits: string;
  try {
    limits = readFileSync(limitsFile, 'utf8');
  } catch {
    return undefined;
  }
  const soft = /^Max open files +(\d+) /m.exec(limits)?.[1];
  return soft === undefined ? undefined : Math.floor(Number(soft) * connectionShare);
}

/** The connections that a process holds, whatever is spoken over them. */
export class ConnectionRoom {
  #open = 0;

  constructor(readonly most: number) {}

  /** Whether it may stay. It counts until it is closed. */
  take(socket: Socket): boolean {
    if (this.#open >= this.most) return false;
    this.#open += 1;
    socket.once('close', () => {
      this.#open -= 1;
    });
    return true;
  }
}

/**
 * Answers a connection beyond the limit with 503 and closes it, before a request is read. Without a descriptor left the
 * process could not even accept it: the client would wait for an answer that never comes.
 */
export function limitConnections(server: Server, room: ConnectionRoom, onRefused: () => void): void {
  const listeners = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  let lingering = 0;
  server.on('connection', (socket: Socket) => {
    if (room.take(socket)) {
      for (const listener of listeners) listener.call(server, socket);
      return;
    }
    onRefused();
    if (lingering >= mostLingering) {
      socket.destroy();
      return;
    }
    lingering += 1;
    socket.once('close', () => {
      lingering -= 1;
    });
    refuse(socket, room.most);
  });
}

function refuse(socket: Socket, most: number): void {
  const detail = `${most} connections are open in this process, the most that it holds`;
  const body = JSON.stringify(problemOf(rejection('overloaded', detail)));
  // A client that is gone already is no error of anybody's.
  socket.on('error', () => undefined);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => {
    clearTimeout(timer);
  });
  socket.resume();
  socket.end(
    'HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json; charset=utf-8\r\nretry-after: 1\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
