//! Words right beside a name that tell of a person, and that the sentences which the model was made from hardly hold:
//! those of kin and titles behind it, what only people do, who or what is spoken of before it. They add to what the model
//! says; of themselves they make nobody.

use super::sign::IDEOGRAPH;

/// What words beside a name add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cue {
    /// In sixteenths of the natural logarithm of odds.
    pub(super) weight: i32,
    /// Whether nothing but a person is spoken of so, even where the name is a word as well.
    pub(super) is_sure: bool,
}

/// What [`Cue::is_sure`] and other cues weigh.
const SURE: i32 = 48;
const LIKELY: i32 = 28;

/// Kin, titles, and what happens to nobody but people.
const SURE_BEHIND: &[[u16; 2]] = &pairs::<36>(
    "妈妈爸爸奶奶爷爷外婆外公家长先生女士小姐请假来电本人答应出院住院离职入职辞职迟到加班出差怀孕结婚离婚去世诉胸诉头诉腹诉咽诉心诉腰术后产后让放回电",
);
/// What people do or say.
const LIKELY_BEHIND: &[[u16; 2]] = &pairs::<33>(
    "同意提到补充汇报投诉反映抱怨觉得认为担心来过去过没来没接不接打来发来买了买的借走借了租下签收签了又在那条那单家里电话手机签字要办接手",
);
/// Who is called by a name.
const LIKELY_BEFORE: &[[u16; 2]] = &pairs::<27>(
    "坐席骑手司机患者病人产妇家属邻居同事室友队友业主租客房东车主医师护士护工保安店员群里话里谈里信里认识转告租给",
);

/// Words of two characters.
#[allow(clippy::indexing_slicing, reason = "in constants, where it does not compile when out of range")]
const fn pairs<const N: usize>(words: &str) -> [[u16; 2]; N] {
    let text = words.as_bytes();
    assert!(text.len() == N * 2 * IDEOGRAPH);
    let mut pairs = [[0; 2]; N];
    let mut at = 0;
    while at < 2 * N {
        let first = at * IDEOGRAPH;
        pairs[at / 2][at % 2] =
            (text[first] as u16 & 0x0F) << 12 | (text[first + 1] as u16 & 0x3F) << 6 | text[first + 2] as u16 & 0x3F;
        at += 1;
    }
    pairs
}

/// A bit for each hash of a pair: most have none there.
#[allow(clippy::indexing_slicing, reason = "in constants, where it does not compile when out of range")]
const fn filter<const N: usize>(lists: [&[[u16; 2]]; N]) -> [u64; 16] {
    let mut bits = [0; 16];
    let mut list = 0;
    while list < N {
        let mut at = 0;
        while at < lists[list].len() {
            let (word, bit) = place(lists[list][at]);
            bits[word] |= bit;
            at += 1;
        }
        list += 1;
    }
    bits
}

const fn place([one, two]: [u16; 2]) -> (usize, u64) {
    let hash = ((one as u32) << 16 | two as u32).wrapping_mul(0x9E37_79B1) >> 22;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

static BEHIND: [u64; 16] = filter([SURE_BEHIND, LIKELY_BEHIND]);
static BEFORE: [u64; 16] = filter([LIKELY_BEFORE]);

fn may_hold(filter: &[u64; 16], pair: [u16; 2]) -> bool {
    let (word, bit) = place(pair);
    filter.get(word).is_some_and(|word| word & bit != 0)
}

impl Cue {
    /// Of the two characters before a name, in order, and of the two behind it.
    #[inline]
    pub(super) fn of(before: [u16; 2], behind: [u16; 2]) -> Cue {
        let mut cue = Cue::default();
        if may_hold(&BEHIND, behind) {
            cue.is_sure = SURE_BEHIND.contains(&behind);
            cue.weight = match () {
                () if cue.is_sure => SURE,
                () if LIKELY_BEHIND.contains(&behind) => LIKELY,
                () => 0,
            };
        }
        // 3床李封
        let is_bed = before == [b'0' as u16, '床' as u16];
        cue.is_sure |= is_bed;
        if is_bed || may_hold(&BEFORE, before) && LIKELY_BEFORE.contains(&before) {
            cue.weight += LIKELY;
        }
        cue
    }
}

/// What a title adds to a surname before it, by the step of trust in it, where both are all of a name: 张先生.
const TITLED: [i32; 4] = [0, 24, 40, 48];
const TITLES: &[[u16; 2]] = &pairs::<26>(
    "先生女士小姐老师同学经理主任医生大夫护士教授律师师傅阿姨主管总监书记院长校长科长处长局长警官法官教练店长",
);

/// What the two characters behind a surname add that is trusted so much, when they are a title.
pub(super) fn of_title(behind: [u16; 2], trust: usize) -> i32 {
    static FILTER: [u64; 16] = filter([TITLES]);
    match may_hold(&FILTER, behind) && TITLES.contains(&behind) {
        true => TITLED.get(trust).copied().unwrap_or_default(),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> [u16; 2] {
        let mut codes = text.chars().map(|c| c as u16);
        [codes.next().unwrap(), codes.next().unwrap()]
    }

    #[test]
    fn words_beside_a_name() {
        let nothing = codes("，。");
        assert_eq!(Cue::of(nothing, codes("妈妈")), Cue { weight: SURE, is_sure: true });
        assert_eq!(Cue::of(nothing, codes("同意")), Cue { weight: LIKELY, is_sure: false });
        assert_eq!(Cue::of(codes("邻居"), codes("同意")), Cue { weight: 2 * LIKELY, is_sure: false });
        assert_eq!(Cue::of(codes("0床"), nothing), Cue { weight: LIKELY, is_sure: true });
        assert_eq!(Cue::of(codes("妈妈"), codes("邻居")), Cue::default());
    }

    #[test]
    fn titles_count_for_surnames_only() {
        assert_eq!(of_title(codes("先生"), 3), 48);
        assert_eq!((of_title(codes("先生"), 0), of_title(codes("先进"), 3)), (0, 0));
    }
}
