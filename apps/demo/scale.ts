/** How much of the flights the story takes. Windows of the deployment are about a week of them: config/examples/demo. */
export interface Scale {
  readonly deployment: string;
  /** Every so many-th flight of January is trained on, and of the later months asked for. */
  readonly trainedEvery: number;
  readonly askedEvery: number;
  /** Flights of one request. */
  readonly batch: number;
  /** As in config/examples/demo/monitoring_config.yaml. */
  readonly windowRows: number;
}

/** 50,000 flights of January, 42,000 of later months. */
export const fastScale: Scale = {
  ...{ deployment: 'flights-sample', trainedEvery: 10, askedEvery: 60, batch: 500, windowRows: 2000 },
};

/** All of January, 310,000 flights of later months. */
export const fullScale: Scale = {
  ...{ deployment: 'flights', trainedEvery: 1, askedEvery: 8, batch: 1000, windowRows: 15_000 },
};

export const model = 'flights-late';
export const seed = 7;
