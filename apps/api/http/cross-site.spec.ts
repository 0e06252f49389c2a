import { describe, expect, it } from '@jest/globals';
import { crossSite } from './cross-site.js';

const host = 'localhost:5000';
const post = (headers: Record<string, string>, method = 'POST') => crossSite({ method, headers: { host, ...headers } });

describe('crossSite', () => {
  it.each([
    ['Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
    ['Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site', origin: `http://${host}` }],
    ['Origin', { origin: 'https://evil.example' }],
    ['Origin', { origin: 'null' }],
    ['Origin', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }],
    ['Origin', { origin: `http://${host}.evil.example` }],
    ['Origin', { origin: 'http://localhost' }],
  ])('refuses by header %s: %j', (name, headers) => {
    expect(post(headers)).toMatchObject({ code: 'cross_site', errors: [{ path: `header ${name}` }] });
    expect(post(headers, 'GET')).toBeUndefined();
    expect(post(headers, 'HEAD')).toBeUndefined();
  });

  it.each<Record<string, string>>([
    {},
    { origin: `http://${host}` },
    { origin: `http://${host}`, 'sec-fetch-site': 'same-origin', host: '127.0.0.1:5080' },
    { origin: `http://${host}`, 'x-forwarded-host': host, host: '127.0.0.1:5080' },
    { origin: 'https://modelog.example', host: 'Modelog.example:443' },
    { 'sec-fetch-site': 'none' },
  ])('takes %j', (headers) => {
    expect(post(headers)).toBeUndefined();
  });
});
