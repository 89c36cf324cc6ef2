//! Identifiers inside of encoded values: the payload of a JSON Web Token, and base64 where a rule says `decode: base64`.
//!
//! Looked at only in matches that are long enough, and never inside of what was decoded. Places in the decoded text are
//! no places in the data: what is found belongs to the match that holds it.

use std::ops::Range;

use super::web_token::{PAYLOAD, Token};
use super::{Detector, Scratch};
use crate::finding::{EntityId, Match};

/// Shortest match in which a token may stand.
const SHORTEST_TOKEN: u32 = 48;
/// Shortest encoded value of a rule that says so: eight bytes.
const SHORTEST_VALUE: u32 = 11;
/// The last byte of [`PAYLOAD`].
const LAST: u8 = b'J';
/// Longest value that is decoded.
const LONGEST: usize = 1 << 20;

/// An identifier inside of the value of a match.
pub struct Encoded {
    /// What it is, at the place and span of the match that holds it.
    pub found: Match,
    /// The identifier itself, decoded.
    pub value: Vec<u8>,
}

/// Buffers of the decoder.
#[derive(Default)]
pub(super) struct Decoded {
    text: Vec<u8>,
    matches: Vec<Match>,
}

impl Detector {
    /// Whether the match may hold encoded identifiers, by its length and its entity type.
    #[inline]
    pub fn may_hold_encoded(&self, found: &Match) -> bool {
        let length = found.end.saturating_sub(found.start);
        length >= SHORTEST_TOKEN || length >= SHORTEST_VALUE && self.decodes(found.entity)
    }

    #[inline]
    fn decodes(&self, entity: EntityId) -> bool {
        self.program.decoded.get(usize::from(entity.0)).copied().unwrap_or_default()
    }

    /// Appends the identifiers that are encoded in `value`, which is that of `holder`.
    pub fn encoded_in(&self, holder: &Match, value: &[u8], scratch: &mut Scratch, out: &mut Vec<Encoded>) {
        let mut from = 0;
        // Few values hold the last letter of what a payload begins with.
        for end in memchr::memchr_iter(LAST, value).map(|at| at + 1) {
            let Some(stop) = end.checked_sub(PAYLOAD.len()).filter(|stop| *stop >= from) else { continue };
            if value.get(stop..end) == Some(PAYLOAD.as_bytes())
                && let Some(token) = Token::around(value, stop)
            {
                from = token.span().end;
                self.decoded(holder, value, token.payload, scratch, out);
            }
        }
        if from == 0 && self.decodes(holder.entity) {
            self.decoded(holder, value, 0..value.len(), scratch, out);
        }
    }

    fn decoded(&self, holder: &Match, value: &[u8], part: Range<usize>, scratch: &mut Scratch, out: &mut Vec<Encoded>) {
        let mut buffers = std::mem::take(&mut scratch.decoded);
        buffers.text.clear();
        buffers.matches.clear();
        let part = value.get(part).filter(|part| part.len() <= LONGEST);
        // Bytes that are no text hold no text.
        if part.is_some_and(|part| base64(part, &mut buffers.text)) && simdutf8::basic::from_utf8(&buffers.text).is_ok()
        {
            self.detect_bytes(&buffers.text, scratch, &mut buffers.matches);
            for inner in &buffers.matches {
                let traits = crate::finding::Traits { encoded: true, escaped: false, whole: false, ..inner.traits };
                let found = Match { entity: inner.entity, score: inner.score, traits, ..*holder };
                let value = buffers.text.get(inner.span()).unwrap_or_default();
                let value = if inner.traits.escaped {
                    crate::rule::escape::unescaped(value).into_owned()
                } else {
                    value.to_vec()
                };
                out.push(Encoded { found, value });
            }
        }
        scratch.decoded = buffers;
    }
}

/// Appends what `written` is the base64 of, with either alphabet and any padding or line ends; `false` where it is none.
fn base64(written: &[u8], out: &mut Vec<u8>) -> bool {
    let (mut bits, mut count) = (0_u32, 0);
    for byte in written {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' | b'\r' | b'\n' => continue,
            _ => return false,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xFF) as u8);
            bits &= (1 << count) - 1;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::finding::{Place, Traits};
    use crate::rule::RuleSet;

    fn inside(text: &str) -> Vec<(String, String)> {
        let rules = Arc::new(RuleSet::load_without_examples(&[]).unwrap());
        let detector = Detector::new(Arc::clone(&rules));
        let (mut scratch, mut found, mut encoded) = (Scratch::default(), Vec::new(), Vec::new());
        detector.detect_bytes(text.as_bytes(), &mut scratch, &mut found);
        for one in found.iter().filter(|found| detector.may_hold_encoded(found)) {
            detector.encoded_in(one, text.get(one.span()).unwrap().as_bytes(), &mut scratch, &mut encoded);
        }
        assert!(
            encoded.iter().all(|one| one.found.traits.encoded && found.iter().any(|f| f.span() == one.found.span()))
        );
        let name = |id| rules.entity(id).unwrap().name.clone();
        encoded.into_iter().map(|one| (name(one.found.entity), String::from_utf8(one.value).unwrap())).collect()
    }

    fn token(payload: &str) -> String {
        let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        format!("{}.{}.c2lnbmF0dXJl", part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), part(payload))
    }

    #[test]
    fn identifiers_in_the_payload_of_a_token_are_found() {
        let payload = "{\"sub\":\"1001\",\"phone\":\"13800138000\",\"name\":\"\\u5f20\\u4f1f\"}";
        let expected =
            [("CN_MOBILE_PHONE".to_owned(), "13800138000".to_owned()), ("PERSON_NAME".to_owned(), "张伟".to_owned())];
        for text in [
            token(payload),
            format!("Authorization: Bearer {}", token(payload)),
            format!("GET /a?t={} 200", token(payload)),
        ] {
            assert_eq!(inside(&text), expected, "{text}");
        }
        assert_eq!(inside(&token("{\"sub\":\"1001\",\"iat\":1516239022}")), []);
        assert_eq!(inside("phone=13800138000 address=浙江省杭州市西湖区文三路90号东部软件园创新大厦501室"), []);
    }

    #[test]
    fn longest_match_is_short_enough_to_decode() {
        let mut scratch = Scratch::default();
        let detector = Detector::new(Arc::new(RuleSet::load_without_examples(&[]).unwrap()));
        let holder =
            Match { entity: EntityId(0), score: 1.0, place: Place::Text, start: 0, end: 9, traits: Traits::default() };
        let mut out = Vec::new();
        detector.encoded_in(&holder, b".eyJ.eyJ.eyJ", &mut scratch, &mut out);
        assert!(out.is_empty());
    }

    proptest! {
        #[test]
        fn base64_is_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..60), url: bool, padded: bool) {
            let encoding = match (url, padded) {
                (true, true) => data_encoding::BASE64URL,
                (true, false) => data_encoding::BASE64URL_NOPAD,
                (false, true) => data_encoding::BASE64,
                (false, false) => data_encoding::BASE64_NOPAD,
            };
            let mut out = Vec::new();
            prop_assert!(base64(encoding.encode(&bytes).as_bytes(), &mut out));
            prop_assert_eq!(out, bytes);
        }
    }
}
