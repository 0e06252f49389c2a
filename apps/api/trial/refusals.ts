import type { LoadRejection } from '#libs/inference/index.js';
import type { OnnxRejection } from '#libs/onnx/index.js';
import type { TrialReply } from './protocol.js';

export type TrialRefusal = Extract<TrialReply, { status: 'refused' }>;

export function unreadable({ code, detail, errors }: OnnxRejection): TrialRefusal {
  return { status: 'refused', code, detail, ...(errors === undefined ? {} : { errors: [...errors] }) };
}

export function unfit({ code, message: detail }: LoadRejection): TrialRefusal {
  return { status: 'refused', code: `model_${code}`, detail };
}
