//! What a thread has learned of runs of characters beyond ASCII: the templates of messages come again and again, and
//! nearly all that a walk over their characters asks depends on the run alone.
//!
//! What depends on anything outside of a piece must not be in a lesson, but as a place to ask at.

use super::label_ends::Hit;

/// Bytes of a word.
const WORD: usize = 8;
/// Words of the longest piece.
const WORDS: usize = 6;
/// Bytes of the longest piece; of longer runs, several pieces.
pub(super) const LONGEST: usize = WORD * WORDS;
/// Places for pieces, as a power of two.
const BITS: u32 = 10;
/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Most labels that are remembered of a piece.
const LABELS: usize = 4;

/// What is known of a piece: places in it are bits, by their offset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lesson {
    /// A number before a unit stands in it.
    pub(super) numbered: bool,
    /// A unit may begin with its first character.
    pub(super) unit_first: bool,
    /// Its last character may be a number before a unit.
    pub(super) number_last: bool,
    /// Something in it is folded.
    pub(super) folds: bool,
    /// Its first character is a separator, and so many bytes wide.
    pub(super) separator: u8,
    /// Its last character, which begins at this offset, may be the head of a value before a capital letter.
    pub(super) lead: Option<u8>,
    /// Behind these offsets labels may have their last Han character: what stands around the piece tells.
    pub(super) label_ends: u64,
    /// Labels that stand in the piece whatever is around it: first byte, end and number. Those not used have no end.
    pub(super) labels: [(u8, u8, u16); LABELS],
    /// Surnames begin at these offsets.
    pub(super) surnames: u64,
    /// Of the surnames, those that may begin a name are told from the rest.
    pub(super) is_refined: bool,
    /// There is nothing to do at the piece, but for a number and its unit.
    pub(super) is_idle: bool,
    /// The first character is a surname that begins a name in an element of XML or HTML at the most.
    pub(super) element_only: bool,
}

impl Lesson {
    /// Whether there is nothing to do at the piece, but for a number and its unit.
    fn asks_nothing(&self) -> bool {
        let Lesson { separator, lead, folds, element_only, labels, .. } = *self;
        separator == 0
            && lead.is_none()
            && !folds
            && !element_only
            && self.surnames | self.label_ends == 0
            && labels.iter().all(|(_, end, _)| *end == 0)
    }

    /// Remembers a label, from one offset to another, unless there are too many.
    pub(super) fn enter(&mut self, start: usize, end: usize, label: u16) -> bool {
        let free = self.labels.iter_mut().find(|(_, end, _)| *end == 0);
        free.map(|free| *free = (start as u8, end as u8, label)).is_some()
    }

    /// The labels in the piece, which begins at `at`.
    #[inline(always)]
    pub(super) fn labels(&self, at: usize) -> impl Iterator<Item = Hit> {
        let labels = self.labels.iter().take_while(|(_, end, _)| *end != 0);
        labels.map(move |(start, end, label)| Hit {
            start: at + usize::from(*start),
            end: at + usize::from(*end),
            label: *label,
        })
    }
}

/// A piece of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    words: [u64; WORDS],
    pub(super) length: usize,
    /// Whether the run goes on behind it.
    pub(super) goes_on: bool,
    /// Whether it stood before it, too.
    pub(super) follows: bool,
    slot: usize,
}

/// The highest bit of a word is that of its last byte.
#[inline(always)]
fn word_at(text: &[u8; LONGEST], at: usize) -> u64 {
    text.get(at * WORD..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

impl Piece {
    /// The bytes ≥ 0x80 from `at` on; nothing near the end of the text.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "below the number of words by the loop")]
    pub(super) fn at(text: &[u8], at: usize) -> Option<Piece> {
        let bytes = text.get(at..)?.first_chunk::<LONGEST>()?;
        let follows = at.checked_sub(1).and_then(|before| text.get(before)).is_some_and(|byte| *byte >= 0x80);
        let mut piece = Piece { words: [0; WORDS], length: LONGEST, goes_on: false, follows, slot: 0 };
        let mut mixed = 0_u64;
        for index in 0..WORDS {
            let word = word_at(bytes, index);
            let low = !word & HIGH;
            let own = if low == 0 { word } else { word & ((low & low.wrapping_neg()) >> 7).wrapping_sub(1) };
            piece.words[index] = own;
            mixed = (mixed.rotate_left(25) ^ own).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            if low != 0 {
                piece.length = index * WORD + low.trailing_zeros() as usize / 8;
                piece.slot = (mixed >> (64 - BITS)) as usize;
                return Some(piece);
            }
        }
        if text.get(at + LONGEST).is_some_and(|next| *next >= 0x80) {
            // Characters are not cut.
            let cut = (1..=3).find(|back| bytes.get(LONGEST - back).is_some_and(|byte| *byte >= 0xC0))?;
            let is_whole = matches!((cut, bytes.get(LONGEST - cut)), (3, Some(0xE0..=0xEF)) | (2, Some(0xC2..=0xDF)));
            if !is_whole {
                piece.length = LONGEST - cut;
                piece.words[WORDS - 1] &= u64::MAX >> (8 * cut);
            }
            piece.goes_on = true;
        }
        piece.slot = (mixed >> (64 - BITS)) as usize;
        Some(piece)
    }
}

/// A piece and what is known of it; the newest takes the place of another one with the same hash.
#[derive(Clone, Copy, Default)]
struct Known {
    words: [u64; WORDS],
    /// Whether its run goes on behind it, and before it.
    goes_on: (bool, bool),
    lesson: Lesson,
}

/// Lessons of pieces. Holds what stands in the data, and so has no `Debug`; nor have the pieces.
#[derive(Default)]
pub(super) struct RunMemo {
    /// The rules that the lessons are for.
    serial: u64,
    /// Empty before the first piece.
    places: Vec<Known>,
}

impl RunMemo {
    /// Forgets what was learned for other rules than those with this number.
    pub(super) fn serve(&mut self, serial: u64) {
        if std::mem::replace(&mut self.serial, serial) != serial {
            self.places.clear();
        }
    }

    /// What is known of `piece`.
    #[inline(always)]
    pub(super) fn get(&self, piece: &Piece) -> Option<&Lesson> {
        let known = self.places.get(piece.slot)?;
        // So few words are told apart without a call.
        let differ = known.words.iter().zip(&piece.words).fold(0, |differ, (a, b)| differ | (a ^ b));
        (differ == 0 && known.goes_on == (piece.goes_on, piece.follows)).then_some(&known.lesson)
    }

    /// Remembers what is known of `piece`.
    pub(super) fn learn(&mut self, piece: &Piece, lesson: Lesson) {
        let lesson = Lesson { is_idle: lesson.asks_nothing(), ..lesson };
        if self.places.is_empty() {
            self.places.resize(1 << BITS, Known::default());
        }
        if let Some(place) = self.places.get_mut(piece.slot) {
            *place = Known { words: piece.words, goes_on: (piece.goes_on, piece.follows), lesson };
        }
    }
}

/// Calls `visit` with each offset of `offsets`, from `at` on.
#[inline(always)]
pub(super) fn each(mut offsets: u64, at: usize, mut visit: impl FnMut(usize)) {
    while offsets != 0 {
        visit(at + offsets.trailing_zeros() as usize);
        offsets &= offsets - 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, OnceLock};

    use proptest::prelude::*;

    use super::*;
    use crate::detect::{Detector, Scratch};
    use crate::rule::RuleSet;

    proptest! {
        #[test]
        fn pieces_are_whole_characters_of_a_run(text in "[a， 张伟é𠀀]{0,12}[张伟，é𠀀]{0,40}.{0,60}") {
            let padded = [text.as_bytes(), &[b' '; LONGEST]].concat();
            let mut at = 0;
            while at < text.len() {
                let Some(piece) = Piece::at(&padded, at) else { break };
                let range = at..at + piece.length;
                let bytes = padded.get(range.clone()).unwrap();
                prop_assert!(text.is_char_boundary(range.end.min(text.len())));
                prop_assert!(bytes.iter().all(|byte| *byte >= 0x80));
                let behind = *padded.get(range.end).unwrap() >= 0x80;
                prop_assert_eq!(piece.goes_on, behind);
                prop_assert_eq!(piece.follows, at > 0 && *padded.get(at - 1).unwrap() >= 0x80);
                let held: Vec<u8> = piece.words.iter().flat_map(|word| word.to_le_bytes()).collect();
                prop_assert_eq!(held.get(..piece.length).unwrap(), bytes);
                prop_assert!(held.iter().skip(piece.length).all(|byte| *byte == 0));
                at = if piece.length == 0 { at + 1 } else { range.end };
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_learned_changes_nothing(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "张伟", "王芳说", "李", "订单", "成功", "已完成支付，用时", "由陈建国处理", "，", "：", "姓名：", "手机号", "号", "QQ",
                    "收货人", "地址：", "杭州市西湖区文三路", "12号", "3栋", "13800138000", "<td>", "高峰</td>", " ", "\n", "a=", "(String)",
                    ", ", "京", "A12345", "\u{200b}", "１３８", "，，，", "　　　", "东方服务",
                    "司空见惯", "é", "𠀀", "和", "欧阳", "今天下午三点由系统管理员张建国负责处理完毕并且通知了所有相关的部门和人员",
                ]),
                1..14,
            ),
            shift in 0usize..4,
        ) {
            let line = parts.concat();
            let found = |detector: &Detector, scratch: &mut Scratch, text: &str| {
                let mut found = Vec::new();
                detector.detect_bytes(text.as_bytes(), scratch, &mut found);
                found
            };
            static DETECTORS: OnceLock<(Detector, Detector)> = OnceLock::new();
            let (fast, plain) = DETECTORS.get_or_init(|| {
                let rules = Arc::new(RuleSet::load(&[]).unwrap());
                (Detector::new(Arc::clone(&rules)), Detector::plain(rules))
            });
            let mut scratch = Scratch::default();
            // The same runs again and again, with the same around them and with something else.
            let turned = parts.iter().cycle().skip(shift).take(parts.len()).copied().collect::<String>();
            let padding = " ".repeat(LONGEST);
            for text in [&line, &line, &line, &turned, &format!("{line}\n{turned}>{line}\n{line}{line}"), &line] {
                let text = format!("{text}{padding}");
                let expected = found(plain, &mut Scratch::default(), &text);
                prop_assert_eq!(found(fast, &mut scratch, &text), expected, "{}", text);
            }
        }
    }

    #[test]
    fn a_number_behind_a_piece_is_asked_for_each_time() {
        let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
        let mut scratch = Scratch::default();
        let mut found = |text: &str| {
            let mut out = Vec::new();
            detector.detect_bytes(text.as_bytes(), &mut scratch, &mut out);
            out.iter().map(|one| text.get(one.span()).unwrap().to_owned()).collect::<Vec<_>>()
        };
        let padding = "padding ".repeat(12);
        for between in ["，，，", "　　　"] {
            let without = format!("x ，，，司马电视{between}n/a   {padding}");
            let with = format!("x ，，，司马电视{between}13800138000   {padding}");
            for _ in 0..3 {
                assert_eq!(found(&without), Vec::<String>::new());
            }
            assert_eq!(found(&with), ["司马电视", "13800138000"]);
            assert_eq!(found(&without), Vec::<String>::new());
        }
    }

    #[test]
    fn other_rules_are_another_memory() {
        let text = ["张伟".as_bytes(), &[b' '; LONGEST]].concat();
        let piece = Piece::at(&text, 0).unwrap();
        let mut memo = RunMemo::default();
        memo.serve(1);
        assert_eq!(memo.get(&piece), None);
        let lesson = Lesson { numbered: true, is_idle: true, ..Lesson::default() };
        memo.learn(&piece, lesson);
        assert_eq!(memo.get(&piece), Some(&lesson));
        memo.serve(1);
        assert_eq!(memo.get(&piece), Some(&lesson));
        memo.serve(2);
        assert_eq!(memo.get(&piece), None);
    }
}
