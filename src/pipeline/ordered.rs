//! Ordered parallel work: one producer, many workers, results taken in the order of the input.
//!
//! The answer is the same for any number of threads. Queues are bounded; the first error stops everything; a worker
//! that panics becomes an error at its place in the order and never takes the run down.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Sender, bounded};

use crate::error::DataError;

/// How a producer hands over the next piece of work. `Break` tells it to stop.
pub type Push<'a, T> = &'a mut dyn FnMut(T) -> ControlFlow<()>;

/// Pieces of work that may be under way at once, per thread.
pub const QUEUE_PER_THREAD: usize = 2;

/// Runs `produce`, hands what it pushes to `threads` workers, each with a state from `start`, and gives their results
/// to `consume` in the order in which they were pushed. With one thread everything happens in the caller's.
///
/// # Errors
/// The first error in input order: what `consume` returned, a panicking worker, or what `produce` returned at its end.
pub fn ordered<T, S, R>(
    threads: usize,
    produce: impl FnOnce(Push<'_, T>) -> Result<(), DataError> + Send,
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T) -> R + Sync,
    mut consume: impl FnMut(R) -> Result<(), DataError>,
) -> Result<(), DataError>
where
    T: Send,
    R: Send,
{
    if threads <= 1 {
        return inline(produce, start, work, consume);
    }
    let stopped = AtomicBool::new(false);
    // One thread more than workers: the producer has its own and mostly waits for the disk.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads + 1)
        .build()
        .map_err(|error| DataError::new(format!("cannot start threads: {error}")))?;
    let (task_sender, tasks) = bounded::<(T, Sender<R>)>(threads * QUEUE_PER_THREAD);
    let (turn_sender, turns) = bounded(threads * QUEUE_PER_THREAD);
    let (end_sender, end) = bounded(1);
    pool.in_place_scope(|scope| {
        for _ in 0..threads {
            let tasks = tasks.clone();
            let (start, work, stopped) = (&start, &work, &stopped);
            scope.spawn(move |_| {
                let mut state = start();
                for (task, answer) in tasks {
                    if stopped.load(Ordering::Relaxed) {
                        continue;
                    }
                    // On a panic the state may be half-made, and the dropped `answer` tells the consumer.
                    match catch_unwind(AssertUnwindSafe(|| work(&mut state, task))) {
                        Ok(result) => drop(answer.send(result)),
                        Err(_) => state = start(),
                    }
                }
            });
        }
        drop(tasks);
        scope.spawn(move |_| {
            let mut push = |task: T| {
                let (answer_sender, answer) = bounded(1);
                // The turn goes first: a task whose turn nobody waits for would be lost work.
                if turn_sender.send(answer).is_err() || task_sender.send((task, answer_sender)).is_err() {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            };
            let produced = catch_unwind(AssertUnwindSafe(|| produce(&mut push))).unwrap_or_else(|_| Err(panicked()));
            let _ = end_sender.send(produced);
        });
        let mut outcome = Ok(());
        for answer in &turns {
            outcome = answer.recv().map_err(|_| panicked()).and_then(&mut consume);
            if outcome.is_err() {
                stopped.store(true, Ordering::Relaxed);
                break;
            }
        }
        drop(turns);
        let produced = end.recv().unwrap_or_else(|_| Err(panicked()));
        outcome.and(produced)
    })
}

fn inline<T, S, R>(
    produce: impl FnOnce(Push<'_, T>) -> Result<(), DataError>,
    start: impl Fn() -> S,
    work: impl Fn(&mut S, T) -> R,
    mut consume: impl FnMut(R) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let mut state = start();
    let mut outcome = Ok(());
    let mut push = |task: T| {
        // A producer that does not heed `Break` must not cover an error with the next result.
        if outcome.is_err() {
            return ControlFlow::Break(());
        }
        outcome =
            catch_unwind(AssertUnwindSafe(|| work(&mut state, task))).map_err(|_| panicked()).and_then(&mut consume);
        if outcome.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let produced = catch_unwind(AssertUnwindSafe(|| produce(&mut push))).unwrap_or_else(|_| Err(panicked()));
    outcome.and(produced)
}

/// What a panic becomes. Its message is not repeated: it may quote data.
pub(crate) fn panicked() -> DataError {
    DataError::new("internal error: this is a defect in tuomin")
        .advise("please report it, with the place that was printed above")
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn squares(threads: usize, count: u64, stop_at: u64) -> (Vec<u64>, Result<(), DataError>) {
        let mut seen = Vec::new();
        let outcome = ordered(
            threads,
            |push| {
                for number in 0..count {
                    if push(number).is_break() {
                        return Err(DataError::new("told to stop"));
                    }
                }
                Ok(())
            },
            || 0_u64,
            |calls, number| {
                *calls += 1;
                // Later tasks finish first.
                thread::sleep(std::time::Duration::from_micros(200 * (5 - number % 5)));
                number * number
            },
            |square| {
                if square == stop_at * stop_at {
                    return Err(DataError::new("consumer"));
                }
                seen.push(square);
                Ok(())
            },
        );
        (seen, outcome)
    }

    #[test]
    fn results_come_in_input_order_with_any_number_of_threads() {
        for threads in [1, 2, 8] {
            let (seen, outcome) = squares(threads, 100, 1000);
            assert_eq!(outcome, Ok(()));
            assert_eq!(seen, (0..100).map(|n| n * n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_error_stops_everything() {
        for threads in [1, 2, 8] {
            let (seen, outcome) = squares(threads, u64::MAX, 7);
            assert_eq!(outcome, Err(DataError::new("consumer")));
            assert_eq!(seen.len(), 7);
        }
    }

    #[test]
    fn a_producer_that_does_not_stop_covers_no_error() {
        for threads in [1, 3] {
            let outcome = ordered(
                threads,
                |push| {
                    for number in 0..10 {
                        let _ = push(number);
                    }
                    Ok(())
                },
                || (),
                |(), number| number,
                |number| if number == 4 { Err(DataError::new("consumer")) } else { Ok(()) },
            );
            assert_eq!(outcome, Err(DataError::new("consumer")), "{threads} threads");
        }
    }

    #[test]
    fn a_producer_error_comes_after_what_it_pushed() {
        for threads in [1, 3] {
            let mut seen = 0;
            let outcome = ordered(
                threads,
                |push| {
                    let _ = push(1);
                    let _ = push(2);
                    Err(DataError::new("cut short"))
                },
                || (),
                |(), number| number,
                |_| {
                    seen += 1;
                    Ok(())
                },
            );
            assert_eq!((seen, outcome), (2, Err(DataError::new("cut short"))));
        }
    }

    #[test]
    fn a_panic_is_an_error_without_its_message() {
        for threads in [1, 3] {
            let outcome = ordered(
                threads,
                |push| {
                    (0..10).all(|number| push(number).is_continue());
                    Ok(())
                },
                || (),
                |(), number| assert_ne!(number, 4, "13800138000"),
                |()| Ok(()),
            );
            let text = outcome.unwrap_err().to_string();
            assert!(text.starts_with("internal error") && !text.contains("138"), "{text}");
        }
    }
}
