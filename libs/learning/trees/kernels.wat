(module
  ;; The loops in which boosting spends its time. kernels.ts says what each does, and has the same in TypeScript.
  ;; Arguments are addresses in bytes, but for `bin` and `missing`; the rows are those whose numbers stand at [$row, $end).
  (import "kernels" "memory" (memory 1 65536 shared))

  (func (export "clear") (param $start i32) (param $end i32)
    (memory.fill (local.get $start) (i32.const 0) (i32.sub (local.get $end) (local.get $start))))

  (func (export "addRows")
    (param $histogram i32) (param $words i32) (param $row i32) (param $end i32) (param $pair i32)
    (local $word i32) (local $pairOfRow v128) (local $bin i32)
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (local.set $word
          (i32.load (i32.add (local.get $words) (i32.shl (i32.load (local.get $row)) (i32.const 2)))))
        (local.set $pairOfRow (v128.load (local.get $pair)))
        ;; A byte times 16: the place of its bin. A feature has 256 bins, 4096 bytes.
        (local.set $bin
          (i32.add (local.get $histogram) (i32.and (i32.shl (local.get $word) (i32.const 4)) (i32.const 0xff0))))
        (v128.store (local.get $bin) (f64x2.add (v128.load (local.get $bin)) (local.get $pairOfRow)))
        (local.set $bin
          (i32.add (local.get $histogram) (i32.and (i32.shr_u (local.get $word) (i32.const 4)) (i32.const 0xff0))))
        (v128.store offset=4096
          (local.get $bin) (f64x2.add (v128.load offset=4096 (local.get $bin)) (local.get $pairOfRow)))
        (local.set $bin
          (i32.add (local.get $histogram) (i32.and (i32.shr_u (local.get $word) (i32.const 12)) (i32.const 0xff0))))
        (v128.store offset=8192
          (local.get $bin) (f64x2.add (v128.load offset=8192 (local.get $bin)) (local.get $pairOfRow)))
        (local.set $bin
          (i32.add (local.get $histogram) (i32.and (i32.shr_u (local.get $word) (i32.const 20)) (i32.const 0xff0))))
        (v128.store offset=12288
          (local.get $bin) (f64x2.add (v128.load offset=12288 (local.get $bin)) (local.get $pairOfRow)))
        (local.set $row (i32.add (local.get $row) (i32.const 4)))
        (local.set $pair (i32.add (local.get $pair) (i32.const 16)))
        (br $rows))))

  (func (export "addRowsOfFeature")
    (param $histogram i32) (param $bytes i32) (param $row i32) (param $end i32) (param $pair i32)
    (local $bin i32)
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (local.set $bin
          (i32.add
            (local.get $histogram)
            (i32.shl
              (i32.load8_u (i32.add (local.get $bytes) (i32.shl (i32.load (local.get $row)) (i32.const 2))))
              (i32.const 4))))
        (v128.store (local.get $bin) (f64x2.add (v128.load (local.get $bin)) (v128.load (local.get $pair))))
        (local.set $row (i32.add (local.get $row) (i32.const 4)))
        (local.set $pair (i32.add (local.get $pair) (i32.const 16)))
        (br $rows))))

  (func (export "subtract")
    (param $whole i32) (param $part i32) (param $end i32)
    (block $done
      (loop $bins
        (br_if $done (i32.ge_u (local.get $part) (local.get $end)))
        (v128.store (local.get $whole) (f64x2.sub (v128.load (local.get $whole)) (v128.load (local.get $part))))
        (local.set $whole (i32.add (local.get $whole) (i32.const 16)))
        (local.set $part (i32.add (local.get $part) (i32.const 16)))
        (br $bins))))

  (func (export "gather")
    (param $pairs i32) (param $row i32) (param $end i32) (param $into i32)
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (v128.store
          (local.get $into)
          (v128.load (i32.add (local.get $pairs) (i32.shl (i32.load (local.get $row)) (i32.const 4)))))
        (local.set $row (i32.add (local.get $row) (i32.const 4)))
        (local.set $into (i32.add (local.get $into) (i32.const 16)))
        (br $rows))))

  (func (export "countLeft")
    (param $bytes i32) (param $row i32) (param $end i32) (param $bin i32) (param $missing i32)
    (result i32)
    (local $its i32) (local $count i32)
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (local.set $its
          (i32.load8_u (i32.add (local.get $bytes) (i32.shl (i32.load (local.get $row)) (i32.const 2)))))
        (local.set $count
          (i32.add
            (local.get $count)
            (i32.or
              (i32.le_s (local.get $its) (local.get $bin))
              (i32.eq (local.get $its) (local.get $missing)))))
        (local.set $row (i32.add (local.get $row) (i32.const 4)))
        (br $rows)))
    (local.get $count))

  ;; Without a branch on where a row goes, which no processor could foresee.
  (func (export "scatter")
    (param $bytes i32) (param $row i32) (param $end i32) (param $bin i32) (param $missing i32)
    (param $left i32) (param $right i32)
    (result i32)
    (local $number i32) (local $its i32) (local $isLeft i32)
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (local.set $number (i32.load (local.get $row)))
        (local.set $its (i32.load8_u (i32.add (local.get $bytes) (i32.shl (local.get $number) (i32.const 2)))))
        (local.set $isLeft
          (i32.or
            (i32.le_s (local.get $its) (local.get $bin))
            (i32.eq (local.get $its) (local.get $missing))))
        (i32.store (select (local.get $left) (local.get $right) (local.get $isLeft)) (local.get $number))
        (local.set $left (i32.add (local.get $left) (i32.shl (local.get $isLeft) (i32.const 2))))
        (local.set $right
          (i32.add (local.get $right) (i32.shl (i32.xor (local.get $isLeft) (i32.const 1)) (i32.const 2))))
        (local.set $row (i32.add (local.get $row) (i32.const 4)))
        (br $rows)))
    (local.get $left))

  ;; The split of bins [$bin, $end) that gains most beyond $best: gives its bin, stores the gain and the sums on its left.
  (func (export "scan")
    (param $bin i32) (param $end i32) (param $startGradient f64) (param $startMass f64)
    (param $gradient f64) (param $mass f64) (param $one f64)
    (param $minRows f64) (param $penalty f64) (param $least f64) (param $leastGain f64)
    (param $best f64) (param $gain i32) (param $sums i32)
    (result i32)
    (local $perOne f64) (local $rows f64) (local $hessian f64) (local $own f64)
    (local $its v128) (local $left v128) (local $quotients v128) (local $found i32) (local $isSparse i32)
    (local $leftRows f64) (local $leftHessian f64) (local $rightHessian f64) (local $score f64) (local $rise f64)
    (local.set $perOne (f64.div (f64.const 1) (local.get $one)))
    (local.set $rows (f64.floor (f64.mul (local.get $mass) (local.get $perOne))))
    (local.set $isSparse (f64.lt (local.get $rows) (f64.const 100)))
    (local.set $hessian (f64.sub (local.get $mass) (f64.mul (local.get $rows) (local.get $one))))
    (local.set $own
      (f64.div
        (f64.mul (local.get $gradient) (local.get $gradient))
        (f64.add (local.get $hessian) (local.get $penalty))))
    (local.set $left (f64x2.replace_lane 1 (f64x2.splat (local.get $startGradient)) (local.get $startMass)))
    (block $done
      (loop $bins
        (br_if $done (i32.ge_u (local.get $bin) (local.get $end)))
        (local.set $its (v128.load (local.get $bin)))
        (block $next
          ;; An empty bin changes nothing. Where few are, to foresee them takes longer than to count them in.
          (br_if $next
            (i32.and
              (local.get $isSparse)
              (f64.eq (f64x2.extract_lane 1 (local.get $its)) (f64.const 0))))
          (local.set $left (f64x2.add (local.get $left) (local.get $its)))
          (local.set $leftRows
            (f64.floor (f64.mul (f64x2.extract_lane 1 (local.get $left)) (local.get $perOne))))
          (br_if $next (f64.lt (local.get $leftRows) (local.get $minRows)))
          (br_if $done (f64.lt (f64.sub (local.get $rows) (local.get $leftRows)) (local.get $minRows)))
          (local.set $leftHessian
            (f64.sub
              (f64x2.extract_lane 1 (local.get $left))
              (f64.mul (local.get $leftRows) (local.get $one))))
          (local.set $rightHessian (f64.sub (local.get $hessian) (local.get $leftHessian)))
          (br_if $next (f64.lt (local.get $leftHessian) (local.get $least)))
          (br_if $done (f64.lt (local.get $rightHessian) (local.get $least)))
          ;; Of both sides: the squared gradient by the hessian.
          (local.set $quotients
            (f64x2.replace_lane 1
              (local.get $left)
              (f64.sub (local.get $gradient) (f64x2.extract_lane 0 (local.get $left)))))
          (local.set $quotients
            (f64x2.div
              (f64x2.mul (local.get $quotients) (local.get $quotients))
              (f64x2.add
                (f64x2.replace_lane 1 (f64x2.splat (local.get $leftHessian)) (local.get $rightHessian))
                (f64x2.splat (local.get $penalty)))))
          (local.set $score
            (f64.add (f64x2.extract_lane 0 (local.get $quotients)) (f64x2.extract_lane 1 (local.get $quotients))))
          (local.set $rise (f64.sub (local.get $score) (local.get $own)))
          (br_if $next (i32.eqz (f64.gt (local.get $rise) (local.get $best))))
          (br_if $next (i32.eqz (f64.gt (local.get $rise) (f64.mul (local.get $score) (local.get $leastGain)))))
          (local.set $best (local.get $rise))
          (local.set $found (local.get $bin))
          (f64.store (local.get $gain) (local.get $rise))
          (v128.store (local.get $sums) (local.get $left)))
        (local.set $bin (i32.add (local.get $bin) (i32.const 16)))
        (br $bins)))
    (local.get $found))

  ;; The number of thresholds, of 255 in order, that a value is above; $missing of NaN. A byte in four is written.
  (func (export "bins")
    (param $value i32) (param $end i32) (param $thresholds i32) (param $missing i32) (param $byte i32)
    (local $its f32) (local $at i32)
    (block $done
      (loop $values
        (br_if $done (i32.ge_u (local.get $value) (local.get $end)))
        (local.set $its (f32.load (local.get $value)))
        (local.set $at (local.get $thresholds))
        (local.set $at
          (i32.add
            (local.get $at)
            (i32.shl (f32.gt (local.get $its) (f32.load offset=508 (local.get $at))) (i32.const 9))))
        (local.set $at
          (i32.add
            (local.get $at)
            (i32.shl (f32.gt (local.get $its) (f32.load offset=252 (local.get $at))) (i32.const 8))))
        (local.set $at
          (i32.add
            (local.get $at)
            (i32.shl (f32.gt (local.get $its) (f32.load offset=124 (local.get $at))) (i32.const 7))))
        (local.set $at
          (i32.add
            (local.get $at)
            (i32.shl (f32.gt (local.get $its) (f32.load offset=60 (local.get $at))) (i32.const 6))))
        (local.set $at
          (i32.add
            (local.get $at)
            (i32.shl (f32.gt (local.get $its) (f32.load offset=28 (local.get $at))) (i32.const 5))))
        (local.set $at
          (i32.add
            (local.get $at)
            (i32.shl (f32.gt (local.get $its) (f32.load offset=12 (local.get $at))) (i32.const 4))))
        (local.set $at
          (i32.add
            (local.get $at)
            (i32.shl (f32.gt (local.get $its) (f32.load offset=4 (local.get $at))) (i32.const 3))))
        (local.set $at
          (i32.add
            (local.get $at)
            (i32.shl (f32.gt (local.get $its) (f32.load offset=0 (local.get $at))) (i32.const 2))))
        (i32.store8
          (local.get $byte)
          (select
            (i32.shr_u (i32.sub (local.get $at) (local.get $thresholds)) (i32.const 2))
            (local.get $missing)
            (f32.eq (local.get $its) (local.get $its))))
        (local.set $value (i32.add (local.get $value) (i32.const 4)))
        (local.set $byte (i32.add (local.get $byte) (i32.const 4)))
        (br $values))))
)
