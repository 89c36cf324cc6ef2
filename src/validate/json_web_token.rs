//! JSON Web Tokens (RFC 7519): a header in base64url that is a JSON object and names its algorithm (RFC 7515 §4.1.1).

use data_encoding::BASE64URL_NOPAD;

use super::{Candidate, Evidence};

/// How much of the header is read: certificates may stand in it before the algorithm (RFC 7515 §4.1.6).
const HEADER: usize = 64 << 10;
/// How much of it is decoded at once, a whole number of base64 quadruples.
const PART: usize = 512;
/// The name of the algorithm.
const NAME: &[u8] = b"\"alg\"";
/// Bytes that are kept of each part: the name may go on in the next one.
const KEPT: usize = NAME.len() - 1;

/// Tokens whose header names an algorithm.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let start = memchr::memmem::find(candidate.original, b"eyJ")?;
    let token = candidate.original.get(start..)?;
    let header = token.get(..memchr::memchr(b'.', token)?)?;
    names_algorithm(header).then(|| Evidence { checksum: 30, ..Evidence::default() })
}

/// Whether the name stands in `header`, which is in base64url.
fn names_algorithm(header: &[u8]) -> bool {
    // Behind the name there is more than the last one or two bytes.
    let written = header.get(..header.len().min(HEADER) / 4 * 4).unwrap_or_default();
    let mut decoded = [0; KEPT + PART / 4 * 3];
    for part in written.chunks(PART) {
        let end = KEPT + part.len() / 4 * 3;
        let Some(room) = decoded.get_mut(KEPT..end) else { return false };
        if BASE64URL_NOPAD.decode_mut(part, room).is_err() {
            return false;
        }
        if decoded.get(..end).is_some_and(|bytes| memchr::memmem::find(bytes, NAME).is_some()) {
            return true;
        }
        decoded.copy_within(end - KEPT..end, 0);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_token(text: &str) -> bool {
        let original = text.as_bytes();
        validate(&Candidate { compact: original, original, labelled: false }).is_some()
    }

    #[test]
    fn a_token_names_its_algorithm() {
        let header = |json: &str| BASE64URL_NOPAD.encode(json.as_bytes());
        let rest = "eyJzdWIiOiIxIn0.c2ln";
        for json in [r#"{"alg":"HS256"}"#, r#"{"typ":"JWT","kid":"a1","alg":"RS256"}"#] {
            assert!(is_token(&format!("{}.{rest}", header(json))), "{json}");
            assert!(is_token(&format!("Bearer {}.{rest}", header(json))), "{json}");
        }
        // Wherever it stands, with certificates before it.
        for length in (0..800).chain([5_000, 40_000]) {
            let json = format!(r#"{{"x5c":["{}"],"alg":"RS256"}}"#, "M".repeat(length));
            assert!(is_token(&format!("{}.{rest}", header(&json))), "{length}");
        }
        let endless = format!(r#"{{"x5c":["{}"],"alg":"RS256"}}"#, "M".repeat(HEADER));
        assert!(!is_token(&format!("{}.{rest}", header(&endless))));
        for text in
            [format!("{}.{rest}", header(r#"{"typ":"JWT"}"#)), "eyJ".to_owned(), "eyJ!.x".to_owned(), String::new()]
        {
            assert!(!is_token(&text), "{text}");
        }
    }
}
