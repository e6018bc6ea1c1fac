;; A module that is not this library's, written for the contract of the thread pool alone: one call a worker, the
;; dispatching thread waits. It does not tell of a trap.
(module
  (import "env" "memory" (memory 1 65536 shared))
  (type $task (func (param i32 i32 i32 i32 i32 i32)))
  (table (export "__indirect_function_table") 8 funcref)
  (elem (i32.const 1) $sum_of_squares $trap_in_one $grow $nothing)
  (global (export "__stack_pointer") (mut i32) (i32.const 4096))

  ;; Words: 64 epoch, 68 calls that have ended, 72 workers, 76 data m k n task, 96 end, 100 bytes of memory taken.
  (func (export "threadpool_init") (param $workers i32)
    (i32.atomic.store (i32.const 72) (local.get $workers)))

  (func (export "threadpool_get_futex_addr") (result i32) (i32.const 64))

  (func $alloc (export "threadpool_alloc") (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.add (i32.const 8192) (i32.atomic.rmw.add (i32.const 100)
      (i32.and (i32.add (local.get $size) (i32.const 31)) (i32.const -16)))))
    (if (i32.gt_u (i32.add (local.get $at) (local.get $size)) (i32.shl (memory.size) (i32.const 16)))
      (then (if (i32.eq (i32.const -1)
        (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16)))))
        (then (return (i32.const 0))))))
    (local.get $at))

  (func (export "threadpool_alloc_stack") (param i32) (result i32) (call $alloc (local.get 0)))
  (func (export "threadpool_free") (param i32))

  (func (export "threadpool_shutdown")
    (i32.atomic.store (i32.const 96) (i32.const 1))
    (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 64) (i32.const -1))))

  (func (export "threadpool_worker_entry") (param $thread i32)
    (local $seen i32)
    (loop $forever
      (drop (memory.atomic.wait32 (i32.const 64) (local.get $seen) (i64.const -1)))
      (br_if $forever (i32.eq (i32.atomic.load (i32.const 64)) (local.get $seen)))
      (local.set $seen (i32.atomic.load (i32.const 64)))
      (if (i32.atomic.load (i32.const 96)) (then (return)))
      (call_indirect (type $task) (i32.load (i32.const 76)) (i32.load (i32.const 80)) (i32.load (i32.const 84))
        (i32.load (i32.const 88)) (local.get $thread) (i32.load (i32.const 72)) (i32.load (i32.const 92)))
      (drop (i32.atomic.rmw.add (i32.const 68) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 68) (i32.const -1)))
      (br $forever)))

  (func (export "threadpool_dispatch") (param $data i32) (param $m i32) (param $k i32) (param $n i32) (param $task i32)
    (result i32)
    (local $ended i32)
    (i32.store (i32.const 76) (local.get $data))
    (i32.store (i32.const 80) (local.get $m))
    (i32.store (i32.const 84) (local.get $k))
    (i32.store (i32.const 88) (local.get $n))
    (i32.store (i32.const 92) (local.get $task))
    (i32.atomic.store (i32.const 68) (i32.const 0))
    (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 64) (i32.const -1)))
    (loop $wait
      (local.set $ended (i32.atomic.load (i32.const 68)))
      (if (i32.lt_u (local.get $ended) (i32.load (i32.const 72)))
        (then
          (drop (memory.atomic.wait32 (i32.const 68) (local.get $ended) (i64.const -1)))
          (br $wait))))
    (i32.const 0))

  ;; Sums the squares of the float64 of a slice: m items at the data; sum of thread i at k + 8 i.
  (func $sum_of_squares (type $task) (param $data i32) (param $m i32) (param $k i32) (param $n i32) (param $thread i32)
    (param $count i32)
    (local $at i32) (local $end i32) (local $sum f64)
    (local.set $at (i32.div_u (i32.mul (local.get $m) (local.get $thread)) (local.get $count)))
    (local.set $end
      (i32.div_u (i32.mul (local.get $m) (i32.add (local.get $thread) (i32.const 1))) (local.get $count)))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (local.set $sum (f64.add (local.get $sum) (call $square
            (f64.load (i32.add (local.get $data) (i32.shl (local.get $at) (i32.const 3)))))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next))))
    (f64.store (i32.add (local.get $k) (i32.shl (local.get $thread) (i32.const 3))) (local.get $sum)))

  (func $square (param f64) (result f64) (f64.mul (local.get 0) (local.get 0)))

  (func $trap_in_one (type $task)
    (if (i32.eq (local.get 4) (local.get 1)) (then (unreachable))))

  ;; Takes m pages more.
  (func $grow (type $task) (drop (memory.grow (local.get 1))))

  (func $nothing (type $task)))
