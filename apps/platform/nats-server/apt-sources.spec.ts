import { describe, expect, it } from '@jest/globals';
import { natsSources, parseListFile, parseSourcesFile } from './apt-sources.js';
import { keptSettings } from './distribution-package.js';

const keyrings = { debian: '/keys/debian.gpg', ubuntu: '/keys/ubuntu.gpg' };

describe('apt sources', () => {
  it('reads one-line files', () => {
    expect(
      parseListFile(`# deb http://commented.example/debian sid main
deb http://mirror.example/debian bookworm main contrib # with a comment
deb [arch=amd64 signed-by=/x.gpg] https://other.example/ubuntu/ noble main universe
deb-src http://mirror.example/debian bookworm main
  deb   file:/srv/debian   ./
deb broken
`),
    ).toEqual([
      { uri: 'http://mirror.example/debian', suite: 'bookworm', components: ['main', 'contrib'] },
      { uri: 'https://other.example/ubuntu/', suite: 'noble', components: ['main', 'universe'] },
      { uri: 'file:/srv/debian', suite: './', components: [] },
    ]);
  });

  it('reads deb822 files: several URIs and suites, continued lines, comments, disabled stanzas', () => {
    expect(
      parseSourcesFile(`Types: deb deb-src
# a comment inside
URIs: http://one.example/debian
 http://two.example/debian
Suites: trixie trixie-updates
components: main
Signed-By: /k.gpg

Types: deb
URIs: http://off.example/debian
Suites: sid
Components: main
Enabled: no

Types: deb-src
URIs: http://src.example/debian
Suites: sid
Components: main
`),
    ).toEqual([
      { uri: 'http://one.example/debian', suite: 'trixie', components: ['main'] },
      { uri: 'http://one.example/debian', suite: 'trixie-updates', components: ['main'] },
      { uri: 'http://two.example/debian', suite: 'trixie', components: ['main'] },
      { uri: 'http://two.example/debian', suite: 'trixie-updates', components: ['main'] },
    ]);
  });

  it('keeps the mirror of a Debian machine and takes sid from it, once', () => {
    const lines = natsSources(
      parseListFile(`deb http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates main
deb http://mirror.example/debian-security bookworm-security main
deb https://vendor.example/debian stable extra
deb mirror+file:/etc/apt/mirrors/debian.list bookworm main
`),
      keyrings,
    ).map(({ line }) => line);
    expect(lines).toEqual([
      'deb [signed-by=/keys/debian.gpg] http://mirror.example/debian sid main',
      'deb [signed-by=/keys/debian.gpg] mirror+file:/etc/apt/mirrors/debian.list sid main',
    ]);
  });

  it("asks an Ubuntu machine's mirror for its Debian tree, then for Ubuntu's development suite; never without the keyring", () => {
    const sources = parseSourcesFile(`Types: deb
URIs: http://mirror.example/ubuntu/
Suites: noble noble-updates
Components: main universe

Types: deb
URIs: http://security.example/ubuntu/
Suites: noble-security
Components: main universe
`);
    expect(natsSources(sources, keyrings).map(({ line }) => line)).toEqual([
      'deb [signed-by=/keys/debian.gpg] http://mirror.example/debian sid main',
      'deb [signed-by=/keys/ubuntu.gpg] http://mirror.example/ubuntu/ devel universe',
    ]);
    expect(natsSources(sources, { debian: undefined, ubuntu: undefined })).toEqual([]);
  });

  it('keeps how the machine reaches its mirrors, and none of its hooks', () => {
    const dump = `APT "";
APT::Architecture "amd64";
APT::Architectures:: "amd64";
APT::Update::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::https::CAInfo "/ca.pem";
Acquire::IndexTargets::deb::DEP-11 "";
Acquire::AllowInsecureRepositories "1";
Dir::State "/var/lib/apt";
`;
    expect(keptSettings(dump).split('\n')).toEqual([
      'APT::Architecture "amd64";',
      'APT::Architectures:: "amd64";',
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Acquire::https::CAInfo "/ca.pem";',
      '',
    ]);
  });
});
