//! The master key of a run and the keys derived from it.
//!
//! One master key gives one independent key per use, entity type and namespace (HKDF-SHA-256, RFC 5869). Key bytes
//! are zeroized on drop, never shown, and there is no way to rewrite with anything weaker than 32 bytes.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use aes::Aes256;
use data_encoding::{BASE32_NOPAD, HEXLOWER_PERMISSIVE};
use fpe::ff1::{FF1, NumeralString, NumeralStringError};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::fpe::Rings;
use crate::error::Error;

/// What a key file starts with.
const MARK: &str = "tuomin-key-v1:";
/// First part of every derivation; a new one would change every token.
const VERSION: &str = "tuomin-v1";
/// Fewest bytes of a master key.
const MINIMUM: usize = 32;
/// Fewer distinct byte values than this in 32 bytes do not happen by chance (p < 1e-12): typed in, not random.
const MINIMUM_DISTINCT: usize = 16;
/// Longest key file that is read.
const LONGEST_FILE: u64 = 4096;
/// The environment variable that may hold the same line as a key file.
pub const ENVIRONMENT: &str = "TUOMIN_KEY";

/// The master key of a run: at least 32 random bytes, zeroized on drop, never shown.
pub struct MasterKey {
    bytes: Zeroizing<Vec<u8>>,
}

impl MasterKey {
    /// A new random key of 32 bytes.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<MasterKey, Error> {
        let mut bytes = Zeroizing::new(vec![0; MINIMUM]);
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::Key(format!("the operating system gave no random bytes: {error}")))?;
        Ok(MasterKey { bytes })
    }

    /// Reads a key file: one line, `tuomin-key-v1:` and the key in base32 or hex.
    ///
    /// # Errors
    /// When the file is missing, no regular file, open to others than its owner, malformed, or the key too short.
    pub fn from_file(path: &Path) -> Result<MasterKey, Error> {
        let shown = path.display();
        let io = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::Key(format!("there is no key file {shown}; make one with `tuomin key new {shown}`"))
            }
            _ => Error::Key(format!("cannot read the key file {shown}: {error}")),
        };
        // Before opening: a FIFO would block.
        if !fs::metadata(path).map_err(io)?.is_file() {
            return Err(Error::Key(format!("{shown} is not a regular file; give the path of a key file")));
        }
        let file = File::open(path).map_err(io)?;
        refuse_exposed(&file, path)?;
        let mut text = Zeroizing::new(String::with_capacity(LONGEST_FILE as usize));
        file.take(LONGEST_FILE).read_to_string(&mut text).map_err(io)?;
        MasterKey::parse(&text, &shown.to_string())
    }

    /// Reads the key from the environment variable `TUOMIN_KEY`, which holds the same line as a key file.
    ///
    /// # Errors
    /// When the variable is not set or does not hold a key.
    pub fn from_env() -> Result<MasterKey, Error> {
        match std::env::var(ENVIRONMENT) {
            Ok(text) => MasterKey::parse(&Zeroizing::new(text), ENVIRONMENT),
            Err(_) => Err(Error::Key(format!(
                "no key; make one with `tuomin key new FILE` and give it with --key-file, or set {ENVIRONMENT}"
            ))),
        }
    }

    /// The key in `text`; `origin` names where the text is from, for errors.
    fn parse(text: &str, origin: &str) -> Result<MasterKey, Error> {
        let format = || {
            Error::Key(format!(
                "{origin} is not a key: expected one line `{MARK}` and {MINIMUM} or more bytes in base32 or hex; \
                 make one with `tuomin key new FILE`"
            ))
        };
        let encoded = text.trim_end_matches(['\r', '\n']).strip_prefix(MARK).ok_or_else(format)?.as_bytes();
        // 32 bytes are 64 hex digits but only 52 base32 characters, so no base32 key that short is read as hex.
        let is_hex = encoded.len() >= 2 * MINIMUM && encoded.iter().all(u8::is_ascii_hexdigit);
        let decoded = if is_hex {
            HEXLOWER_PERMISSIVE.decode(encoded)
        } else {
            BASE32_NOPAD.decode(&Zeroizing::new(encoded.to_ascii_uppercase()))
        };
        let bytes = Zeroizing::new(decoded.map_err(|_| format())?);
        if bytes.len() < MINIMUM {
            return Err(Error::Key(format!(
                "the key in {origin} has {} bytes; at least {MINIMUM} random bytes are needed; \
                 make one with `tuomin key new FILE`",
                bytes.len()
            )));
        }
        let mut seen = [false; 256];
        for byte in bytes.iter() {
            if let Some(slot) = seen.get_mut(usize::from(*byte)) {
                *slot = true;
            }
        }
        if seen.iter().filter(|seen| **seen).count() < MINIMUM_DISTINCT {
            return Err(Error::Key(format!("the key in {origin} is not random; make one with `tuomin key new FILE`")));
        }
        Ok(MasterKey { bytes })
    }

    /// Writes the key to a new file that only its owner can read (mode 0600). Never overwrites.
    ///
    /// # Errors
    /// When the file exists already or cannot be written; then nothing is left behind.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let shown = path.display();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Error::Key(format!(
                "{shown} exists already and is never overwritten: data rewritten with a lost key can never be \
                 linked again; choose another path"
            )),
            _ => Error::Key(format!("cannot create the key file {shown}: {error}")),
        })?;
        let mut line = Zeroizing::new(String::with_capacity(MARK.len() + 2 * self.bytes.len()));
        line.push_str(MARK);
        BASE32_NOPAD.encode_append(&self.bytes, &mut line);
        line.make_ascii_lowercase();
        line.push('\n');
        let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()
        });
        written.map_err(|error| {
            drop(fs::remove_file(path));
            Error::Key(format!("cannot write the key file {shown}: {error}"))
        })
    }

    /// A short public name of the key (8 characters), to tell which key a file was rewritten with.
    /// Derived one way: it says nothing about the key.
    ///
    /// # Errors
    /// Never in practice: the derivation's length is fixed.
    pub fn id(&self) -> Result<String, Error> {
        let bytes = self.derive("key-id", "", "")?;
        Ok(token_text(bytes.as_slice(), 8))
    }

    /// 32 bytes for one use of one entity type in one namespace: HKDF-SHA-256 without salt,
    /// info = version 00 use 00 entity 00 namespace.
    pub(crate) fn derive(&self, usage: &str, entity: &str, namespace: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
        let info = [VERSION, usage, entity, namespace].join("\0");
        let mut derived = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &self.bytes)
            .expand(info.as_bytes(), derived.as_mut_slice())
            .map_err(|_| Error::Key("a key of 32 bytes cannot be derived".to_owned()))?;
        Ok(derived)
    }

    /// The keys of one entity type.
    pub(crate) fn entity_keys(&self, entity: &str, namespace: &str) -> Result<EntityKeys, Error> {
        let impossible = || Error::Key("a derived key has the wrong length".to_owned());
        let token = self.derive("hash", entity, namespace)?;
        let bijection = self.derive("fpe", entity, namespace)?;
        let surrogate = self.derive("surrogate", entity, namespace)?;
        // One for all entity types: all dates of a subject move alike.
        let dates = self.derive("date-shift", "", namespace)?;
        Ok(EntityKeys {
            token: Hmac::new_from_slice(token.as_slice()).map_err(|_| impossible())?,
            surrogate: Hmac::new_from_slice(surrogate.as_slice()).map_err(|_| impossible())?,
            dates: Hmac::new_from_slice(dates.as_slice()).map_err(|_| impossible())?,
            bijection: Bijection {
                cipher: FF1::new(bijection.as_slice(), 10).map_err(|_| impossible())?,
                inverse: false,
                rings: Rings::default(),
            },
        })
    }
}

/// The keys of one entity type, ready for use.
pub(crate) struct EntityKeys {
    /// HMAC-SHA-256 keyed for tokens.
    pub(crate) token: Hmac<Sha256>,
    /// HMAC-SHA-256 keyed for surrogates that are drawn.
    pub(crate) surrogate: Hmac<Sha256>,
    /// HMAC-SHA-256 keyed for the days by which a subject's dates are moved.
    pub(crate) dates: Hmac<Sha256>,
    /// FF1 over decimal digits, with AES-256.
    pub(crate) bijection: Bijection,
}

/// FF1 in one of its two directions.
pub(crate) struct Bijection {
    cipher: FF1<Aes256>,
    /// From results back to originals.
    pub(crate) inverse: bool,
    /// Of numbers that are too short for it.
    pub(super) rings: Rings,
}

impl Bijection {
    /// One step along the cycle, or back.
    pub(crate) fn step<N: NumeralString>(&self, tweak: &[u8], numerals: &N) -> Result<N, NumeralStringError> {
        if self.inverse { self.cipher.decrypt(tweak, numerals) } else { self.cipher.encrypt(tweak, numerals) }
    }

    /// One step along the cycle, whatever the direction.
    pub(crate) fn forward<N: NumeralString>(&self, tweak: &[u8], numerals: &N) -> Result<N, NumeralStringError> {
        self.cipher.encrypt(tweak, numerals)
    }
}

/// The first `length` characters of lower-case base32 (RFC 4648) of `bytes`.
pub(crate) fn token_text(bytes: &[u8], length: usize) -> String {
    let mut text = BASE32_NOPAD.encode(bytes);
    text.make_ascii_lowercase();
    text.truncate(length);
    text
}

#[cfg(unix)]
fn refuse_exposed(file: &File, path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;

    let shown = path.display();
    let metadata =
        file.metadata().map_err(|error| Error::Key(format!("cannot look at the key file {shown}: {error}")))?;
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_file() {
        return Err(Error::Key(format!("{shown} is not a regular file; give the path of a key file")));
    }
    if mode & 0o077 != 0 {
        return Err(Error::Key(format!(
            "{shown} can be reached by others than its owner (mode {mode:04o}); run: chmod 600 {shown}"
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_exposed(_file: &File, _path: &Path) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// The key of the bytes 0..32, for known answers.
    pub(crate) fn known() -> MasterKey {
        MasterKey { bytes: Zeroizing::new((0..32).collect()) }
    }

    fn fails(outcome: Result<MasterKey, Error>) -> String {
        match outcome {
            Ok(_) => panic!("the key was taken"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_generated_key_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = MasterKey::generate().unwrap();
        key.write(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("tuomin-key-v1:") && text.len() == MARK.len() + 52 + 1);
        assert_eq!(*MasterKey::from_file(&path).unwrap().bytes, *key.bytes);
        assert_ne!(key.id().unwrap(), MasterKey::generate().unwrap().id().unwrap());
    }

    #[test]
    fn a_key_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "precious").unwrap();
        assert!(known().write(&path).unwrap_err().to_string().contains("never overwritten"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn an_exposed_key_file_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        known().write(&path).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o610] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(fails(MasterKey::from_file(&path)).contains("chmod 600"), "{mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(MasterKey::from_file(&path).is_ok());
    }

    #[test]
    fn missing_and_strange_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(fails(MasterKey::from_file(&folder.path().join("none"))).contains("tuomin key new"));
        assert!(fails(MasterKey::from_file(folder.path())).contains("not a regular file"));
    }

    #[test]
    fn hex_and_base32_give_the_same_key() {
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let base32 = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq";
        for encoded in [hex, base32, &hex.to_uppercase(), &base32.to_uppercase()] {
            let key = MasterKey::parse(&format!("tuomin-key-v1:{encoded}\r\n"), "test").unwrap();
            assert_eq!(*key.bytes, *known().bytes);
        }
    }

    #[test]
    fn weak_and_malformed_keys_are_refused_and_never_quoted() {
        for (text, reason) in [
            ("", "is not a key"),
            ("correct horse battery staple", "is not a key"),
            ("tuomin-key-v1:", "has 0 bytes"),
            ("tuomin-key-v1:!!secret!!", "is not a key"),
            ("tuomin-key-v1:aaaqeayeaudaocajbifqydiob4", "has 16 bytes"),
            ("tuomin-key-v2:aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq", "is not a key"),
            (&format!("tuomin-key-v1:{}", "ab".repeat(32)), "is not random"),
        ] {
            let message = fails(MasterKey::parse(text, "test"));
            assert!(message.contains(reason), "{message}");
            assert!(!message.contains("horse") && !message.contains("secret") && !message.contains("aaaq"));
        }
    }

    #[test]
    fn derived_keys_differ_by_use_entity_and_namespace() {
        let key = known();
        let derived = [
            key.derive("hash", "A", "x").unwrap(),
            key.derive("fpe", "A", "x").unwrap(),
            key.derive("hash", "B", "x").unwrap(),
            key.derive("hash", "A", "y").unwrap(),
            key.derive("hash", "Ax", "").unwrap(),
        ];
        for (index, one) in derived.iter().enumerate() {
            assert!(derived.iter().skip(index + 1).all(|other| **other != **one));
        }
    }

    /// Computed independently with Python's hmac module:
    /// ```python
    /// import hmac, hashlib, base64
    /// ikm = bytes(range(32)); h = lambda k, m: hmac.new(k, m, hashlib.sha256).digest()
    /// key = h(h(bytes(32), ikm), b"tuomin-v1\0key-id\0\0" + b"\x01")
    /// base64.b32encode(key).decode().lower()[:8]
    /// ```
    #[test]
    fn known_key_id() {
        assert_eq!(known().id().unwrap(), "c2lgqiqp");
    }
}
