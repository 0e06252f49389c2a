import type { DatePart } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';
import { attribute } from '#libs/onnx/index.js';
import { timestampPattern } from '../timestamp.js';
import { daysOfYear, epochDay, marchYear } from './date-parts.js';
import type { DatePartsStep } from './fitted.js';
import type { GraphFragment } from './graph-fragment.js';

/**
 * Parts of timestamps as `datePartsOf` gives them for what `parseTimestamp` reads: float32 [rows, columns × parts]. A text
 * that it does not read is replaced by one that it does, so that no operator fails, and its parts by NaN.
 * @param texts strings [rows, columns].
 */
export function datePartNodes(graph: GraphFragment, texts: string, { parts }: Pick<DatePartsStep, 'parts'>): string {
  const each = graph.add('Unsqueeze', [texts, graph.int64([1], [2])]);
  const valid = validity(graph, each);
  const readable = graph.add('Where', [valid, each, graph.text('1970-01-01')]);
  const fields = new Fields(graph, minutesSinceEra(graph, readable));
  const joined = graph.add(
    'Concat',
    parts.map((part) => fields.part(part)),
    [attribute.integer('axis', 2)],
  );
  const singles = graph.add('Cast', [joined], [attribute.integer('to', onnxFloat32)]);
  const known = graph.add('Where', [valid, singles, graph.float32([], [Number.NaN])]);
  return graph.add('Flatten', [known], [attribute.integer('axis', 1)]);
}

const onnxFloat32 = 1;
const onnxInt64 = 7;

/** The days that `timestampPattern` lets through and the calendar does not have. */
const impossibleDay = (() => {
  /** Two digits that are no multiple of 4. */
  const odd = '(?:\\d[13579]|[02468][26]|[13579][048])';
  return `(?:\\d{4}-(?:02-3\\d|(?:04|06|09|11)-31)|(?:\\d\\d${odd}|${odd}00)-02-29).*`;
})();

function validity(graph: GraphFragment, texts: string): string {
  const matches = (pattern: string) => graph.add('RegexFullMatch', [texts], [attribute.string('pattern', pattern)]);
  // The pattern of a full match has no anchors.
  const formed = matches(timestampPattern.source.slice(1, -1));
  return graph.add('And', [formed, graph.add('Not', [matches(impossibleDay)])]);
}

/** Minutes from 0000-03-01 00:00 UTC to each timestamp, whole, as int64; never negative. */
function minutesSinceEra(graph: GraphFragment, timestamps: string): string {
  const { split, at, plus } = stringNodes(graph);
  // A separator at the end makes the number of pieces the same for every text, whatever texts are with it.
  const date = split(plus(timestamps, '-'), '-', 3);
  const local = split(plus(at(date, 2), '+'), '+', 1);
  const zone = graph.add('StringConcat', [at(date, 3), at(local, 1)]);
  const time = split(plus(at(local, 0), '::'), ':', 2);
  const minutes = [
    lookUp(graph, at(time, 0), dayAndHour()),
    lookUp(graph, at(time, 1), minuteOfHour()),
    lookUp(graph, zone, zones()),
    minutesToMonth(graph, date),
  ];
  return minutes.reduce((sum, one) => graph.add('Add', [sum, one]));
}

/** @param date pieces of which the first two are year and month. */
function minutesToMonth(graph: GraphFragment, date: string): string {
  const whole = integers(graph);
  const texts = graph.add('Gather', [date, graph.int64([2], [0, 1])], [attribute.integer('axis', -1)]);
  const yearAndMonth = graph.add('Cast', [texts], [attribute.integer('to', onnxInt64)]);
  const sinceMarch = whole.minus(graph.add('MatMul', [yearAndMonth, graph.int64([2], [12, 1])]), 3);
  const years = whole.quotients(whole.over(sinceMarch, 12), [
    [1, 365 * 1440],
    [4, 1440],
    [100, -1440],
    [400, 1440],
  ]);
  const minutesBefore = marchYear.daysBefore.map((days) => days * 1440);
  return graph.add('Add', [years, whole.listed(minutesBefore, whole.modulo(sinceMarch, 12))]);
}

/** Minutes by text; 0 for one that is not listed. */
type Minutes = readonly (readonly [text: string, minutes: number])[];

function lookUp(graph: GraphFragment, texts: string, minutes: Minutes): string {
  const attributes = [
    attribute.strings(
      'keys_strings',
      minutes.map(([text]) => text),
    ),
    attribute.integers(
      'values_int64s',
      minutes.map(([, value]) => value),
    ),
    attribute.integer('default_int64', 0),
  ];
  return graph.add('LabelEncoder', [texts], attributes, 'ai.onnx.ml');
}

/** `31`, `31T23` and `31 23`: the time since the month began. */
const dayAndHour = (): Minutes =>
  numbers(31).flatMap((before): Minutes => {
    const day = twoDigits(before + 1);
    const hours = numbers(24).map((hour) => [twoDigits(hour), (before * 24 + hour) * 60] as const);
    return [
      [day, before * 1440],
      ...hours.flatMap(([hour, minutes]): Minutes => [
        [`${day}T${hour}`, minutes],
        [`${day} ${hour}`, minutes],
      ]),
    ];
  });

/** `59` and `59Z`. */
const minuteOfHour = (): Minutes =>
  numbers(60).flatMap((minute): Minutes => {
    const text = twoDigits(minute);
    return [
      [text, minute],
      [`${text}Z`, minute],
    ];
  });

/** `23:59+` and `23:59-`: what such a zone adds to its local time to make it UTC. */
const zones = (): Minutes =>
  numbers(24 * 60).flatMap((ahead): Minutes => {
    const text = `${twoDigits(Math.floor(ahead / 60))}:${twoDigits(ahead % 60)}`;
    return [
      [`${text}+`, -ahead],
      [`${text}-`, ahead],
    ];
  });

const numbers = (count: number): number[] => [...Array(count).keys()];
const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** As `fieldsOf` in date-parts.ts; what several parts rest on becomes a node once. */
class Fields {
  readonly #graph: GraphFragment;
  readonly #whole: Integers;
  readonly #minutes: string;

  constructor(graph: GraphFragment, minutes: string) {
    this.#graph = graph;
    this.#whole = integers(graph);
    this.#minutes = minutes;
  }

  part(part: DatePart): string {
    const { over, modulo, plus, minus, listed } = this.#whole;
    switch (part) {
      case 'year':
        return this.#year();
      case 'month':
        return listed(months, this.#dayOfYear());
      case 'day':
        return listed(daysOfMonths, this.#dayOfYear());
      case 'weekday':
        return modulo(plus(this.#day(), 2), 7);
      case 'hour':
        return over(this.#minuteOfDay(), 60);
      case 'minute':
        return modulo(this.#minuteOfDay(), 60);
      case 'epoch_days':
        return minus(this.#day(), epochDay);
      default:
        return assertNever(part, 'date part');
    }
  }

  #day(): string {
    return this.#whole.over(this.#minutes, 1440);
  }

  #minuteOfDay(): string {
    return this.#whole.modulo(this.#minutes, 1440);
  }

  #dayOfEra(): string {
    return this.#whole.modulo(this.#day(), 146_097);
  }

  #yearOfEra(): string {
    const daysWithoutLeapDays = this.#whole.quotients(this.#dayOfEra(), [
      [1, 1],
      [1460, -1],
      [36_524, 1],
      [146_096, -1],
    ]);
    return this.#whole.over(daysWithoutLeapDays, 365);
  }

  #dayOfYear(): string {
    const daysBefore = this.#whole.quotients(this.#yearOfEra(), [
      [1, 365],
      [4, 1],
      [100, -1],
    ]);
    return this.#graph.add('Sub', [this.#dayOfEra(), daysBefore]);
  }

  #year(): string {
    const { over, times } = this.#whole;
    const fromMarch = this.#graph.add('Add', [times(over(this.#day(), 146_097), 400), this.#yearOfEra()]);
    return this.#graph.add('Add', [fromMarch, over(this.#dayOfYear(), marchYear.untilJanuary)]);
  }
}

const months = daysOfYear.map(({ month }) => month);
const daysOfMonths = daysOfYear.map(({ day }) => day);

type Integers = ReturnType<typeof integers>;

/** int64 [rows, columns, 1] with constants; none of the tensors is ever negative, so that Div rounds down. */
const integers = (graph: GraphFragment) => {
  const by = (type: string) => (tensor: string, value: number) => graph.add(type, [tensor, graph.int64([], [value])]);
  return {
    plus: by('Add'),
    minus: by('Sub'),
    times: by('Mul'),
    over: by('Div'),
    modulo: by('Mod'),
    /** The whole quotients by each divisor, times its weight, in one sum. */
    quotients: (tensor: string, terms: readonly (readonly [divisor: number, weight: number])[]) => {
      const [divisors, weights] = [terms.map(([divisor]) => divisor), terms.map(([, weight]) => weight)];
      const quotients = graph.add('Div', [tensor, graph.int64([terms.length], divisors)]);
      return graph.add('MatMul', [quotients, graph.int64([terms.length, 1], weights)]);
    },
    /** The element of a list at each position. */
    listed: (list: readonly number[], positions: string) =>
      graph.add('Gather', [graph.int64([list.length], list), positions], [attribute.integer('axis', 0)]),
  };
};

const stringNodes = (graph: GraphFragment) => ({
  plus: (texts: string, end: string) => graph.add('StringConcat', [texts, graph.text(end)]),
  split: (texts: string, delimiter: string, most: number) =>
    graph.add('StringSplit', [texts], [attribute.string('delimiter', delimiter), attribute.integer('maxsplit', most)]),
  at: (pieces: string, position: number) =>
    graph.add('Gather', [pieces, graph.int64([], [position])], [attribute.integer('axis', -1)]),
});
