//! Candidates around a symbol: e-mail addresses around `@`, hardware addresses around `:`, `-` and `.`, IP addresses.

use super::context::{byte, byte_before};
use super::pass::Pass;
use crate::rule::label::Standing;
use crate::rule::pattern::Pattern;
use crate::validate::email::is_top_level;

/// Longest local part and domain that are looked at (RFC 5321: 64 and 255).
const LOCAL: usize = 64;
const DOMAIN: usize = 255;
/// Longest user name and password of a URL, with `://`, that are looked at.
const USERINFO: usize = 192;

impl Pass<'_> {
    /// The e-mail address around the `@` at `at`.
    pub(super) fn email(&mut self, at: usize) {
        if self.program.at_sign.is_empty() {
            return;
        }
        let text = self.text;
        let is_local = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'');
        let mut start = at;
        while at - start <= LOCAL && is_local(byte_before(text, start)) {
            start -= 1;
        }
        while start < at && matches!(byte(text, start), b'.' | b'\'' | b'-' | b'%') {
            start += 1;
        }
        let mut end = at + 1;
        while end - at <= DOMAIN && (byte(text, end).is_ascii_alphanumeric() || matches!(byte(text, end), b'.' | b'-'))
        {
            end += 1;
        }
        let international = if byte(text, end) >= 0x80 { international_domain(text, at + 1, end) } else { None };
        while end > at + 1 && matches!(byte_before(text, end), b'.' | b'-') {
            end -= 1;
        }
        let end = international.unwrap_or(end);
        let too_long = at - start > LOCAL || end - at > DOMAIN;
        // `git@host:path` names a repository, `://user@host` a login.
        let repository = byte(text, end) == b':' && byte(text, end + 1).is_ascii_alphabetic();
        let login = text.get(..start).is_some_and(|head| head.ends_with(b"://"));
        if start == at || end == at + 1 || too_long || repository || login {
            return;
        }
        self.confirm_symbol(start..end, Symbol::Email);
    }

    /// The password of a URL (`://USER:PASSWORD@HOST`) of which the `@` stands at `at`, if it is
    /// one.
    pub(super) fn url_password(&mut self, at: usize) -> bool {
        let (text, program) = (self.text, self.program);
        let head = text.get(at.saturating_sub(USERINFO)..at).unwrap_or_default();
        let is_end = |b: &u8| *b <= b' ' || matches!(b, b'/' | b'@' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'|');
        let Some(slash) = head.iter().rposition(is_end).filter(|slash| head.get(..=*slash).is_some_and(ends_scheme))
        else {
            return false;
        };
        let userinfo = head.get(slash + 1..).unwrap_or_default();
        let Some(colon) = memchr::memchr(b':', userinfo).filter(|colon| colon + 1 < userinfo.len()) else {
            return false;
        };
        let start = at - userinfo.len() + colon + 1;
        for &recognizer in &program.url_passwords {
            self.judge_value(recognizer, start..at, Standing::Positive);
        }
        true
    }

    /// Hex digits in `count` groups of `size` that begin at `start`.
    pub(super) fn hex_groups(&mut self, start: usize, size: usize, count: usize) {
        let end = start + size * count + count - 1;
        let text = self.text;
        let Some(candidate) = text.get(start..end) else { return };
        let separator = byte(text, start + size);
        let well_formed = candidate.chunks(size + 1).all(|group| {
            group.iter().take(size).all(u8::is_ascii_hexdigit) && group.get(size).is_none_or(|b| *b == separator)
        });
        let before = byte_before(text, start);
        let after = byte(text, end);
        let longer_before = before == separator && start >= 2 && byte(text, start - 2).is_ascii_hexdigit();
        let longer_after = after == separator && byte(text, end + 1).is_ascii_hexdigit();
        let inside_word = before.is_ascii_alphanumeric() || before == b'_' || after.is_ascii_alphanumeric();
        if well_formed && !longer_before && !longer_after && !inside_word {
            self.confirm_symbol(start..end, if size == 2 { Symbol::HexPairs } else { Symbol::HexQuads });
        }
    }

    /// The IPv4 address at `start..end`.
    pub(super) fn ip_v4(&mut self, start: usize, end: usize) {
        let text = self.text;
        let (before, after) = (byte_before(text, start), byte(text, end));
        // `Chrome/120.0.0.0` is a version; `//10.0.0.1` and `/10.0.0.1` (Java) are addresses.
        let product = before == b'/' && byte_before(text, start - 1).is_ascii_alphanumeric();
        let inside_word = before.is_ascii_alphanumeric()
            || matches!(before, b'_' | b'.' | b'-')
                && start > 0
                && byte_before(text, start - 1).is_ascii_alphanumeric();
        let goes_on = after.is_ascii_alphanumeric()
            || after == b'_'
            || (matches!(after, b'.' | b'-') && byte(text, end + 1).is_ascii_alphanumeric());
        if !product && !inside_word && !goes_on {
            self.confirm_symbol(start..end, Symbol::DottedQuad);
        }
    }

    /// The IPv6 address around the colon at `at`.
    pub(super) fn ip_v6(&mut self, at: usize) {
        if at < self.colon_until || self.program.colon_hex.is_empty() {
            return;
        }
        let text = self.text;
        let is_part = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
        let (mut start, mut end) = (at, at);
        while at - start <= 45 && is_part(byte_before(text, start)) {
            start -= 1;
        }
        while end - at <= 45 && is_part(byte(text, end)) {
            end += 1;
        }
        self.colon_until = end;
        let inside_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if inside_word(byte_before(text, start)) || inside_word(byte(text, end)) {
            return;
        }
        // `key:fe80::1` and a full stop or colon at the end of a sentence do not belong to it.
        while matches!(byte_before(text, end), b'.')
            || (byte_before(text, end) == b':' && end >= 2 && byte(text, end - 2) != b':')
        {
            end -= 1;
        }
        while byte(text, start) == b'.' || (byte(text, start) == b':' && byte(text, start + 1) != b':') {
            start += 1;
        }
        let Some(candidate) = text.get(start..end).and_then(|c| std::str::from_utf8(c).ok()) else { return };
        let groups = candidate.split(':').filter(|group| !group.is_empty());
        let wide = groups.clone().any(|group| group.len() >= 3) || groups.count() >= 4;
        // `a::b` is a path in many languages: an address holds a digit.
        let digits = candidate.bytes().any(|b| b.is_ascii_digit());
        if wide && digits && candidate.parse::<std::net::Ipv6Addr>().is_ok() {
            self.confirm_symbol(start..end, Symbol::ColonHex);
        }
    }

    fn confirm_symbol(&mut self, span: std::ops::Range<usize>, symbol: Symbol) {
        let program = self.program;
        let list = match symbol {
            Symbol::Email => &program.at_sign,
            Symbol::HexPairs => &program.hex_pairs,
            Symbol::HexQuads => &program.hex_quads,
            Symbol::DottedQuad => &program.dotted_quad,
            Symbol::ColonHex => &program.colon_hex,
        };
        let mut compact = std::mem::take(&mut self.buffers.compact);
        compact.clear();
        let value = self.text.get(span.clone()).unwrap_or_default();
        match symbol {
            Symbol::HexPairs | Symbol::HexQuads => {
                compact.extend(value.iter().filter(|b| b.is_ascii_hexdigit()).map(u8::to_ascii_uppercase));
            }
            _ => compact.extend_from_slice(value),
        }
        let context = self.context(span.start);
        for &at in list {
            let matches = |pattern: &Pattern| pattern.is_match(&compact);
            if program.recognizer(at).is_some_and(|r| r.pattern.as_ref().is_none_or(matches)) {
                self.confirm(at, span.clone(), &compact, &context);
            }
        }
        self.buffers.compact = compact;
    }
}

/// Whether `head` ends in `://`.
fn ends_scheme(head: &[u8]) -> bool {
    head.ends_with(b"://")
}

/// Where the domain at `from` ends when letters of other scripts belong to it. Its ASCII head ends at `ascii`, and such a
/// letter follows; after a head that is a domain by itself, running text does.
fn international_domain(text: &[u8], from: usize, ascii: usize) -> Option<usize> {
    let head = std::str::from_utf8(text.get(from..ascii)?).ok()?;
    let named = |domain: &str| domain.rsplit_once('.').is_some_and(|(_, top)| is_top_level(top));
    let complete = named(head.trim_end_matches(['.', '-']));
    if complete && !head.ends_with('.') {
        return None;
    }
    let window = text.get(from..text.len().min(from + DOMAIN))?.utf8_chunks().next()?.valid();
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.') || !c.is_ascii() && c.is_alphanumeric();
    let domain = window.split(|c| !belongs(c)).next()?;
    let mut found = None;
    let mut start = 0;
    for label in domain.split('.').take_while(|label| !label.is_empty()) {
        if start > 0
            && let Some(length) = top_level_head(label)
            // Behind a full stop that ends a sentence, words may begin like a top-level domain.
            && !(complete && length < label.len())
        {
            found = Some(from + start + length);
        }
        start += label.len() + 1;
    }
    found.filter(|end| *end > ascii)
}

/// The length of the longest top-level domain that `label` is or begins with. Only where a script without spaces begins
/// or ends may text go on right behind it.
fn top_level_head(label: &str) -> Option<usize> {
    let mut longest = None;
    let mut before = None;
    for (at, next) in label.char_indices() {
        if (runs_on(next) || before.is_some_and(runs_on)) && label.get(..at).is_some_and(is_top_level) {
            longest = Some(at);
        }
        before = Some(next);
    }
    if is_top_level(label) { Some(label.len()) } else { longest }
}

/// Whether `letter` is of a script that writes words without spaces between them: Thai, kana, Han, Hangul.
fn runs_on(letter: char) -> bool {
    matches!(letter, '\u{0E00}'..='\u{0E7F}' | '\u{3040}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

/// Which symbol anchored a candidate.
#[derive(Clone, Copy)]
enum Symbol {
    Email,
    HexPairs,
    HexQuads,
    DottedQuad,
    ColonHex,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What of the text behind its first `@` is an internationalized domain.
    fn domain(text: &str) -> Option<&str> {
        let from = text.find('@').unwrap() + 1;
        let ascii =
            text.bytes().skip(from).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')).count();
        text.get(from..international_domain(text.as_bytes(), from, from + ascii)?)
    }

    #[test]
    fn internationalized_domains_end_behind_their_top_level_domain() {
        for (text, expected) in [
            ("lee@例子.公司", "例子.公司"),
            ("li@例子.中国谢谢", "例子.中国"),
            ("li@例子.中国。公司", "例子.中国"),
            ("li@例子.com谢谢", "例子.com"),
            ("li@例子.cn", "例子.cn"),
            ("li@mail.例子.中国 好", "mail.例子.中国"),
            ("li@mail.公司", "mail.公司"),
            ("li@a-例子.公司.", "a-例子.公司"),
            ("li@mail.sina.中国", "mail.sina.中国"),
            ("li@公司.中国.谢谢", "公司.中国"),
            ("иван@пример.рф", "пример.рф"),
        ] {
            assert_eq!(domain(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_domains_stay_as_they_are() {
        for text in [
            "wang@example.com谢谢",
            "wang@example.com.谢谢",
            "wang@example.com.公司地址",
            "wang@example.com-公司.中国",
            "@张三.你好",
            "wang@张三",
            "wang@.中国",
            "wang@例子..中国",
            "wang@例子.comx",
            "иван@пример.рфы",
            "wang@，例子.中国",
        ] {
            assert_eq!(domain(text), None, "{text}");
        }
        assert_eq!(international_domain("a@例子.中\u{0}".as_bytes().get(..10).unwrap(), 2, 2), None);
        let long = format!("a@{}.中国", "例".repeat(90));
        assert_eq!(domain(&long), None);
    }
}
