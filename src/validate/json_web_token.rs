//! JSON Web Tokens (RFC 7519): a header in base64url that is a JSON object and names its algorithm (RFC 7515 §4.1.1).

use data_encoding::BASE64URL_NOPAD;

use super::{Candidate, Evidence};

/// How much of the header is decoded, a whole number of base64 quadruples.
const HEADER: usize = 512;

/// Tokens whose header names an algorithm.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let start = memchr::memmem::find(candidate.original, b"eyJ")?;
    let token = candidate.original.get(start..)?;
    let header = token.get(..memchr::memchr(b'.', token)?)?;
    let written = header.get(..(header.len().min(HEADER) / 4) * 4)?;
    let mut decoded = [0; HEADER / 4 * 3];
    let decoded = decoded.get_mut(..written.len() / 4 * 3)?;
    BASE64URL_NOPAD.decode_mut(written, decoded).ok()?;
    memchr::memmem::find(decoded, b"\"alg\"")?;
    Some(Evidence { checksum: 30, ..Evidence::default() })
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
        for text in
            [format!("{}.{rest}", header(r#"{"typ":"JWT"}"#)), "eyJ".to_owned(), "eyJ!.x".to_owned(), String::new()]
        {
            assert!(!is_token(&text), "{text}");
        }
    }
}
