//! The sites that `banks.py` plays: their names and certificates.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

/// What plays them.
const SCRIPT: &str = include_str!("banks.py");

/// The files that it needs in its folder.
pub(crate) struct Files {
    /// The certificate of the issuer that most of them have.
    pub(crate) ca: String,
    files: Vec<(&'static str, String)>,
}

impl Files {
    pub(crate) fn make() -> Self {
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.distinguished_name.push(DnType::CommonName, "Banks");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let own = KeyPair::generate().unwrap();
        let self_signed = CertificateParams::new(vec!["self-signed.bank.test".to_owned()]).unwrap();
        let self_signed = self_signed.self_signed(&own).unwrap();
        let files = vec![
            ("bank.pem", signed(&authority, "*.bank.test", 2099)),
            ("expired.pem", signed(&authority, "expired.bank.test", 2020)),
            ("misnamed.pem", signed(&authority, "other.bank.test", 2099)),
            ("self-signed.pem", format!("{}{}", own.serialize_pem(), self_signed.pem())),
            ("banks.py", SCRIPT.to_owned()),
        ];
        Self { ca: authority.pem(), files }
    }

    /// Name and content of each.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.files.iter().map(|(name, text)| (*name, text.as_str()))
    }
}

/// What they are called, without `.bank.test`.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let saying =
        SCRIPT.lines().filter_map(|line| line.strip_prefix("    \"")?.split_once("\": (")).map(|(name, _)| name);
    saying.chain(["silent", "drip"])
}

/// A key and its certificate, good until the end of `year`.
fn signed(authority: &CertifiedIssuer<'static, KeyPair>, name: &str, year: i32) -> String {
    let key = KeyPair::generate().unwrap();
    let mut own = CertificateParams::new(vec![name.to_owned()]).unwrap();
    own.not_after = date_time_ymd(year, 12, 31);
    let own = own.signed_by(&key, authority).unwrap();
    format!("{}{}", key.serialize_pem(), own.pem())
}
