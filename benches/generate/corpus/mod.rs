//! The data that the benchmarks read: made up from a seed, the same bytes from the same seed and reference tables.
//!
//! Every value is built by the makers in `people`: valid by its checksum and register, and drawn at random, so never
//! taken from a person.

pub(crate) mod access;
pub(crate) mod application;
pub(crate) mod chat;
pub(crate) mod clock;
pub(crate) mod copy;
pub(crate) mod dense;
pub(crate) mod events;
pub(crate) mod lines;
pub(crate) mod mix;
pub(crate) mod orders;
pub(crate) mod people;
pub(crate) mod places;
pub(crate) mod random;

use clock::Clock;
use people::{People, Person};
use random::Random;

/// What lines are made from: chance, the people they tell of, and the time.
pub(crate) struct World {
    /// Where chance comes from.
    pub(crate) random: Random,
    /// The people.
    pub(crate) people: People,
    /// The time of the line.
    pub(crate) clock: Clock,
}

impl World {
    /// A world in its first second.
    pub(crate) fn new(seed: u64) -> World {
        World { random: Random::new(seed), people: People::new(seed), clock: Clock::start() }
    }

    /// Someone.
    pub(crate) fn person(&mut self) -> Person {
        let number = self.random.below(people::POPULATION);
        self.people.person(number)
    }

    /// Lets up to `milliseconds` pass.
    pub(crate) fn pass(&mut self, milliseconds: u64) {
        self.clock.milliseconds += self.random.below(milliseconds + 1);
    }
}
