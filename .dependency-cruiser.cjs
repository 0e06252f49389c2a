/**
 * Who may import whom. This file is the statement of it; CI runs it.
 * An app may use any library; libraries form layers; apps meet only on the log.
 */
const lib = (names) => `^libs/(${names})/`;

/** What each library may import besides itself and npm packages. */
const mayImport = {
  kernel: '',
  contracts: 'kernel',
  domain: 'kernel|contracts',
  'event-log': 'kernel|contracts',
  projecting: 'kernel|contracts|domain|event-log',
  processing: 'kernel|contracts|domain|event-log',
  artifacts: 'kernel|contracts',
  onnx: 'kernel|contracts',
  inference: 'kernel|contracts|onnx',
  learning: 'kernel|contracts|onnx',
  datasets: 'kernel|contracts|onnx',
  statistics: 'kernel|contracts',
  monitoring: 'kernel|contracts|statistics|learning',
  nest: 'kernel|contracts|domain|event-log|projecting|artifacts',
};

/** Plain numerics, of use outside this system: of contracts they take types only. */
const numerics = 'learning|datasets|statistics';

/** What the pure libraries must not touch: frameworks and drivers. */
const impure = '^node_modules/(@nestjs|@nats-io|pg|onnxruntime-node|fastify)/';

/** Specs, and what the specs of a projection share. */
const specs = '\\.spec\\.ts$|^projections/[^/]+/testing/';

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(mayImport).map(([name, allowed]) => ({
      name: `libs-${name}`,
      comment: `libs/${name} may import: ${allowed === '' ? 'no other library' : allowed.replaceAll('|', ', ')}`,
      severity: 'error',
      from: { path: lib(name), pathNot: '\\.spec\\.ts$' },
      to: {
        path: '^(libs|apps|projections|config|tests)/',
        pathNot: lib(allowed === '' ? name : `${name}|${allowed}`),
      },
    })),
    {
      name: 'every-lib-has-a-rule',
      comment: 'A new library gets its line in `mayImport` above.',
      severity: 'error',
      from: { path: '^libs/', pathNot: lib(Object.keys(mayImport).join('|')) },
      to: {},
    },
    {
      name: 'libs-through-their-index',
      comment: 'The public surface of a library is its index.ts.',
      severity: 'error',
      from: { path: '^(apps|projections|config)/', pathNot: specs },
      to: { path: '^libs/[^/]+/', pathNot: '^libs/[^/]+/index\\.ts$' },
    },
    {
      name: 'libs-meet-through-their-index',
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/[^/]+/', pathNot: ['^libs/[^/]+/index\\.ts$', '^libs/$1/'] },
    },
    {
      name: 'numerics-take-types-only',
      comment: 'From contracts they take types alone: what they refuse, an app turns into a problem.',
      severity: 'error',
      from: { path: lib(numerics), pathNot: '\\.spec\\.ts$' },
      to: { path: lib('contracts'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'numerics-are-pure',
      severity: 'error',
      from: { path: lib(numerics), pathNot: '\\.spec\\.ts$' },
      to: { path: impure },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: lib('kernel|contracts|domain'), pathNot: '\\.spec\\.ts$' },
      to: { path: impure },
    },
    {
      name: 'domain-knows-no-system',
      comment:
        'Of Node they may import hashes alone; the globals that tell time or chance are kept out by eslint.config.mjs.',
      severity: 'error',
      from: { path: lib('kernel|contracts|domain'), pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'nats-behind-its-libraries',
      comment:
        'One append path: only event-log and artifacts speak JetStream; libs/nest opens the connection and carries control messages.',
      severity: 'error',
      from: { path: '^(apps|libs|projections|config)/', pathNot: lib('event-log|artifacts|nest') },
      to: { path: '^node_modules/@nats-io/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nest-is-loaded-late',
      comment: 'Programs that answer no HTTP use libs/nest too, and would pay for Nest with half of their start.',
      severity: 'error',
      from: { path: lib('nest'), pathNot: ['\\.spec\\.ts$', '/health/nest-module\\.ts$'] },
      to: {
        path: ['^node_modules/@nestjs/', '/health/nest-module\\.ts$'],
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'streams-are-configuration',
      comment: 'config/streams.ts is handed to event-log by apps and tests.',
      severity: 'error',
      from: { path: '^(libs|projections)/' },
      to: { path: '^config/' },
    },
    {
      name: 'projections-import-downwards',
      severity: 'error',
      from: { path: '^projections/', pathNot: specs },
      to: { path: '^(apps|config|tests)/|^libs/(?!kernel|contracts|domain|event-log|projecting)' },
    },
    {
      name: 'apps-never-import-each-other',
      comment: 'Apps meet on the log. The platform only composes: it starts them by path.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^(apps|libs|projections|config)/', pathNot: specs },
      to: { path: '^tests/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'require', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
