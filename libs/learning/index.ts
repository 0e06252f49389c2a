/*
 * Public surface:
 *   summariseCurve(curve)  → figures of a ROC, precision-recall or calibration curve, or why the arrays are none
 */
export type { CalibrationCurve, Curve, CurveRefusal, PrecisionRecallCurve, RocCurve } from './curve.js';
export { summariseCurve, type CurveFigures } from './curve-summary.js';
