;; Tasks for the module of the library: they are put into the function tables of all threads.
(module
  (import "env" "memory" (memory 1 65536 shared))
  (import "env" "threadpool_dispatch" (func $dispatch (param i32 i32 i32 i32 i32) (result i32)))
  (type $task (func (param i32 i32 i32 i32 i32 i32)))

  ;; Sums the squares of the float64 of a slice: m items at the data; sum of thread i at k + 8 i.
  (func (export "sum_of_squares") (type $task)
    (local $at i32) (local $end i32) (local $sum f64) (local $x f64)
    (local.set $at (i32.div_u (i32.mul (local.get 1) (local.get 4)) (local.get 5)))
    (local.set $end (i32.div_u (i32.mul (local.get 1) (i32.add (local.get 4) (i32.const 1))) (local.get 5)))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (local.set $x (f64.load (i32.add (local.get 0) (i32.shl (local.get $at) (i32.const 3)))))
          (local.set $sum (f64.add (local.get $sum) (f64.mul (local.get $x) (local.get $x))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next))))
    (f64.store (i32.add (local.get 2) (i32.shl (local.get 4) (i32.const 3))) (local.get $sum)))

  ;; Adds one to the word at data + 4 i.
  (func (export "count") (type $task)
    (drop (i32.atomic.rmw.add (i32.add (local.get 0) (i32.shl (local.get 4) (i32.const 2))) (i32.const 1))))

  (func (export "nothing") (type $task))

  ;; Traps in the call of number m.
  (func (export "trap_in_one") (type $task)
    (if (i32.eq (local.get 4) (local.get 1)) (then (unreachable))))

  ;; Traps wherever it runs.
  (func (export "trap") (type $task) (unreachable))

  ;; Takes m pages more.
  (func (export "grow") (type $task) (drop (memory.grow (local.get 1))))

  ;; Dispatches the task of index n, and adds the result to the word at data - 4.
  (func (export "nest") (type $task)
    (drop (i32.atomic.rmw.add (i32.sub (local.get 0) (i32.const 4))
      (call $dispatch (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 3)))))

  ;; Waits until the word at the data is not 0.
  (func (export "wait") (type $task)
    (drop (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const -1))))

  ;; Has another type.
  (func (export "no_task") (param i32) (result i32) (local.get 0)))
