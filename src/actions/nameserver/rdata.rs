//! What a record says: read from text, shown, compared in canonical form.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr as _;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NS, PTR, SRV, TXT};
use hickory_proto::rr::{Name, RData, RecordType};
use hickory_proto::serialize::binary::{BinDecoder, BinEncodable as _, BinEncoder, NameEncoding, Restrict};

use super::name::{self, is_absolute, shown};
use super::text::{Word, quoted, words};

/// The data of one record. Equal are those that mean the same: names are compared without case, addresses by their bits.
#[derive(Clone, Debug)]
pub struct Rdata {
    data: RData,
    canonical: Vec<u8>,
}

/// A type of records by its name: `A`, `TXT`, `TYPE65280`.
///
/// # Errors
/// Where there is none of that name, or it is one that is asked for only.
pub fn kind(text: &str) -> Result<RecordType, String> {
    let upper = text.to_ascii_uppercase();
    let number = upper.strip_prefix("TYPE").and_then(|number| number.parse::<u16>().ok());
    let kind = match number {
        Some(number) => RecordType::from(number),
        None => RecordType::from_str(&upper).map_err(|_| "types are `A`, `AAAA`, `CNAME`, `MX`, `TXT`, `SRV`, `NS`, `CAA`, `PTR` and others; any is `TYPE` and its number".to_owned())?,
    };
    let only_asked = [
        RecordType::ANY,
        RecordType::AXFR,
        RecordType::IXFR,
        RecordType::OPT,
        RecordType::SIG,
        RecordType::TSIG,
        RecordType::ZERO,
    ];
    if only_asked.contains(&kind) { Err(format!("`{upper}` is no type that records have")) } else { Ok(kind) }
}

impl Rdata {
    /// Reads a record of that type from its text, as in a zone file. Names in it are relative to `zone` where there is one, and absolute
    /// otherwise.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(kind: RecordType, text: &str, zone: Option<&Name>) -> Result<Self, String> {
        let is_text = kind == RecordType::TXT && !text.trim_start().starts_with(['"', '\\']);
        let words = if is_text { Vec::new() } else { words(text)? };
        if let [first, rest @ ..] = words.as_slice()
            && first.raw == "\\#"
            && !first.quoted
        {
            return generic(kind, rest);
        }
        let data = match kind {
            RecordType::A => {
                RData::A(A(one(&words, "an IPv4 address")?.parse().map_err(|_| "that is no IPv4 address")?))
            }
            RecordType::AAAA => {
                RData::AAAA(AAAA(one(&words, "an IPv6 address")?.parse().map_err(|_| "that is no IPv6 address")?))
            }
            RecordType::CNAME => RData::CNAME(CNAME(target(one(&words, "a name")?, zone)?)),
            RecordType::NS => RData::NS(NS(target(one(&words, "a name")?, zone)?)),
            RecordType::PTR => RData::PTR(PTR(target(one(&words, "a name")?, zone)?)),
            RecordType::MX => match words.as_slice() {
                [preference, exchange] => RData::MX(MX::new(number(preference)?, target(&exchange.raw, zone)?)),
                _ => return Err("a preference and a name are due, such as `10 mail.example.net.`".to_owned()),
            },
            RecordType::SRV => match words.as_slice() {
                [priority, weight, port, host] => {
                    RData::SRV(SRV::new(number(priority)?, number(weight)?, number(port)?, target(&host.raw, zone)?))
                }
                _ => {
                    return Err(
                        "priority, weight, port and a name are due, such as `0 5 443 www.example.net.`".to_owned()
                    );
                }
            },
            RecordType::TXT if text.trim_start().starts_with('"') => txt(&words)?,
            RecordType::TXT if text.is_empty() => return Err("a text is due; an empty one is `\"\"`".to_owned()),
            // Without quotation marks it is one text, spaces and all: to cut an SPF record at its spaces would break it.
            RecordType::TXT => txt(&[Word { raw: String::new(), bytes: text.as_bytes().to_vec(), quoted: true }])?,
            RecordType::CAA => caa(&words)?,
            other => RData::try_from_str(other, text)
                .map_err(|error| format!("{error}; any record can be written as `\\# LENGTH HEX`"))?,
        };
        Self::new(data)
    }

    /// What a server said.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn new(data: RData) -> Result<Self, String> {
        let canonical = wire(&data, true)?;
        Ok(Self { data, canonical })
    }

    /// In hickory's form.
    #[must_use]
    pub fn data(&self) -> &RData {
        &self.data
    }

    /// Its type.
    #[must_use]
    pub fn kind(&self) -> RecordType {
        self.data.record_type()
    }

    /// A text that gives exactly this record again, for the journal.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn stored(&self) -> Result<String, String> {
        if is_plain(&self.data) {
            return Ok(self.to_string());
        }
        let wire = wire(&self.data, false)?;
        Ok(format!("\\# {} {}", wire.len(), HEXLOWER.encode(&wire)))
    }
}

/// Whether its text is this room's own, and read back as it was.
fn is_plain(data: &RData) -> bool {
    matches!(
        data,
        RData::A(_)
            | RData::AAAA(_)
            | RData::CNAME(_)
            | RData::NS(_)
            | RData::PTR(_)
            | RData::MX(_)
            | RData::SRV(_)
            | RData::TXT(_)
            | RData::CAA(_)
    )
}

impl fmt::Display for Rdata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.data {
            RData::CNAME(CNAME(name)) | RData::NS(NS(name)) | RData::PTR(PTR(name)) => f.write_str(&shown(name)),
            RData::MX(mx) => write!(f, "{} {}", mx.preference, shown(&mx.exchange)),
            RData::SRV(srv) => write!(f, "{} {} {} {}", srv.priority, srv.weight, srv.port, shown(&srv.target)),
            RData::TXT(txt) => {
                let strings: Vec<String> = txt.txt_data.iter().map(|string| quoted(string)).collect();
                f.write_str(&strings.join(" "))
            }
            RData::CAA(caa) => write!(f, "{} {} {}", caa.flags(), caa.tag, quoted(&caa.value)),
            RData::SOA(soa) => {
                let (primary, person) = (shown(&soa.mname), shown(&soa.rname));
                let (refresh, retry, expire) = (soa.refresh, soa.retry, soa.expire);
                write!(f, "{primary} {person} {} {refresh} {retry} {expire} {}", soa.serial, soa.minimum)
            }
            other => write!(f, "{other}"),
        }
    }
}

impl PartialEq for Rdata {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.canonical == other.canonical
    }
}

impl Eq for Rdata {}

impl PartialOrd for Rdata {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rdata {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |data: &Self| (u16::from(data.kind()), data.canonical.clone());
        key(self).cmp(&key(other))
    }
}

impl Hash for Rdata {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

fn wire(data: &RData, canonical: bool) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut encoder = BinEncoder::new(&mut bytes);
    encoder.set_canonical_form(canonical);
    if canonical {
        encoder.set_name_encoding(NameEncoding::UncompressedLowercase);
    }
    data.emit(&mut encoder).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The form that any type has: `\# LENGTH HEX`.
fn generic(kind: RecordType, words: &[Word]) -> Result<Rdata, String> {
    let Some((length, hex)) = words.split_first() else { return Err("a length is due after `\\#`".to_owned()) };
    let hex: String = hex.iter().map(|word| word.raw.as_str()).collect();
    let bytes = HEXLOWER_PERMISSIVE.decode(hex.as_bytes());
    let bytes = bytes.map_err(|_| "after `\\# LENGTH` hexadecimal digits are due".to_owned())?;
    if length.raw.parse() != Ok(bytes.len()) {
        return Err(format!("the length is said to be {}, and is {}", length.raw, bytes.len()));
    }
    of_wire(kind, &bytes)
}

fn of_wire(kind: RecordType, bytes: &[u8]) -> Result<Rdata, String> {
    let length = u16::try_from(bytes.len()).map_err(|_| "it is too long".to_owned())?;
    let data = RData::read(&mut BinDecoder::new(bytes), kind, Restrict::new(length));
    Rdata::new(data.map_err(|error| error.to_string())?)
}

fn one<'w>(words: &'w [Word], what: &str) -> Result<&'w str, String> {
    match words {
        [word] => Ok(&word.raw),
        _ => Err(format!("{what} is due")),
    }
}

fn number<N: std::str::FromStr>(word: &Word) -> Result<N, String> {
    word.raw.parse().map_err(|_| format!("a number is due in place of `{}`", word.raw))
}

/// A name that a record leads to. One with dots inside and none at the end could be meant either way, so it is refused.
fn target(text: &str, zone: Option<&Name>) -> Result<Name, String> {
    let Some(zone) = zone else { return name::absolute(text) };
    if text != "@" && !is_absolute(text) && text.replace("\\.", "").contains('.') {
        let whole = name::absolute(text)?.append_name(zone).map_err(|error| error.to_string())?;
        return Err(format!(
            "`{text}` may be meant in the zone or not: write `{text}.` with a dot at the end, or `{}`",
            shown(&whole)
        ));
    }
    name::within(text, zone)
}

/// Strings of up to 255 bytes each. A single text that is longer is cut into such, as servers and resolvers put it together again.
fn txt(words: &[Word]) -> Result<RData, String> {
    let mut strings: Vec<&[u8]> = Vec::new();
    for word in words {
        match word.bytes.len() {
            0 => strings.push(&[]),
            1..=255 => strings.push(&word.bytes),
            _ if words.len() == 1 => strings.extend(word.bytes.chunks(255)),
            length => return Err(format!("one of several strings has {length} bytes, and may have 255")),
        }
    }
    Ok(RData::TXT(TXT::from_bytes(strings)))
}

fn caa(words: &[Word]) -> Result<RData, String> {
    let [flags, tag, value] = words else {
        return Err("flags, tag and value are due, such as `0 issue \"letsencrypt.org\"`".to_owned());
    };
    let mut bytes = vec![number::<u8>(flags)?];
    let is_tag =
        !tag.raw.is_empty() && tag.raw.len() <= 255 && tag.raw.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let length = u8::try_from(tag.raw.len()).ok().filter(|_| is_tag);
    bytes.push(length.ok_or_else(|| format!("`{}` is no tag of a CAA record", tag.raw))?);
    bytes.extend_from_slice(tag.raw.as_bytes());
    bytes.extend_from_slice(&value.bytes);
    of_wire(RecordType::CAA, &bytes).map(|rdata| rdata.data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Name {
        name::absolute("libravatar.org").unwrap()
    }

    fn read(kind_name: &str, text: &str) -> Result<Rdata, String> {
        Rdata::parse(kind(kind_name).unwrap(), text, Some(&zone()))
    }

    #[test]
    fn records_are_shown_as_a_zone_file_has_them_and_read_back() {
        for (kind, text, due) in [
            ("A", "192.0.2.11", "192.0.2.11"),
            ("aaaa", "2001:DB8:0:0::11", "2001:db8::11"),
            ("CNAME", "@", "libravatar.org."),
            ("CNAME", "cdn", "cdn.libravatar.org."),
            ("NS", "ns1.Example.NET.", "ns1.Example.NET."),
            ("PTR", "host.example.net.", "host.example.net."),
            ("MX", "10 mail.example.net.", "10 mail.example.net."),
            ("SRV", "0  5 443 seccdn", "0 5 443 seccdn.libravatar.org."),
            ("TXT", "\"v=spf1 mx -all\"", "\"v=spf1 mx -all\""),
            ("TXT", "v=spf1  mx -all", "\"v=spf1  mx -all\""),
            ("TXT", "a\\;b", "\"a\\\\;b\""),
            ("TXT", "\"a\" \"b c\" \"\"", "\"a\" \"b c\" \"\""),
            ("TXT", "\"q\\\" \\\\ \\009\"", "\"q\\\" \\\\ \\009\""),
            ("TXT", "\"ü\"", "\"\\195\\188\""),
            ("CAA", "0 issue \"letsencrypt.org; x=1\"", "0 issue \"letsencrypt.org; x=1\""),
            ("CAA", "128 issuewild ;", "128 issuewild \";\""),
            ("TYPE1", "\\# 4 c000 020b", "192.0.2.11"),
        ] {
            let rdata = read(kind, text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(rdata.to_string(), due, "{text}");
            let back = Rdata::parse(rdata.kind(), &rdata.stored().unwrap(), None).unwrap();
            assert!(back == rdata && back.to_string() == due, "{text}: {back}");
        }
        for (kind, text) in [
            ("TLSA", "3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3"),
            ("SSHFP", "1 1 dd465c09cfa51fb45020cc83316fff21b9ec74ac"),
            ("HTTPS", "1 . alpn=h2"),
            ("TYPE65280", "\\# 3 abcdef"),
            ("TYPE65280", "\\# 0"),
        ] {
            let rdata = read(kind, text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(Rdata::parse(rdata.kind(), &rdata.stored().unwrap(), None).as_ref(), Ok(&rdata), "{text}");
        }
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        for (kind, one, other, same) in [
            ("AAAA", "2001:db8::11", "2001:0DB8:0000::0011", true),
            ("CNAME", "WWW.example.net.", "www.Example.net.", true),
            ("MX", "10 MAIL.example.net.", "10 mail.example.net.", true),
            ("MX", "10 mail.example.net.", "20 mail.example.net.", false),
            ("SRV", "0 0 80 CDN", "0 0 80 cdn.libravatar.org.", true),
            ("TXT", "\"a\" \"b\"", "\"ab\"", false),
            ("TXT", "A", "a", false),
            ("TXT", "\"a\"", "a", true),
            ("CAA", "0 issue \"a\"", "0 issue a", true),
        ] {
            assert_eq!(read(kind, one) == read(kind, other), same, "{kind} {one} {other}");
        }
    }

    #[test]
    fn what_is_no_record_says_why() {
        for (kind, text, due) in [
            ("A", "2001:db8::1", "that is no IPv4 address"),
            ("A", "192.0.2.1 192.0.2.2", "an IPv4 address is due"),
            ("AAAA", "192.0.2.1", "that is no IPv6 address"),
            ("MX", "mail", "a preference and a name are due, such as `10 mail.example.net.`"),
            ("MX", "70000 mail", "a number is due in place of `70000`"),
            ("SRV", "0 0 cdn", "priority, weight, port and a name are due, such as `0 5 443 www.example.net.`"),
            (
                "CNAME",
                "www.example.net",
                "`www.example.net` may be meant in the zone or not: write `www.example.net.` with a dot at the end, \
                 or `www.example.net.libravatar.org.`",
            ),
            ("TXT", "", "a text is due; an empty one is `\"\"`"),
            ("CAA", "0 issue", "flags, tag and value are due, such as `0 issue \"letsencrypt.org\"`"),
            ("CAA", "0 is-sue x", "`is-sue` is no tag of a CAA record"),
            ("A", "\\# 3 c000020b", "the length is said to be 3, and is 4"),
        ] {
            assert_eq!(read(kind, text).unwrap_err(), due, "{kind} {text}");
        }
        assert!(kind("ANY").is_err() && kind("AX").is_err() && kind("TYPE65536").is_err());
        assert!(read("TXT", &format!("\"a\" {}", "b".repeat(256))).unwrap_err().contains("256 bytes"));
    }

    #[test]
    fn a_long_text_is_cut_into_strings() {
        let key = "k".repeat(600);
        let shown = read("TXT", &key).unwrap().to_string();
        assert_eq!(shown.split(' ').map(|string| string.len() - 2).collect::<Vec<_>>(), [255, 255, 90]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_record_comes_back_from_the_journal(strings: Vec<Vec<u8>>) {
            let strings: Vec<&[u8]> = strings.iter().map(|s| &s[..s.len().min(255)]).collect();
            if !strings.is_empty() {
                let rdata = Rdata::new(RData::TXT(TXT::from_bytes(strings))).unwrap();
                proptest::prop_assert_eq!(Rdata::parse(RecordType::TXT, &rdata.stored().unwrap(), None), Ok(rdata));
            }
        }

        #[test]
        fn any_name_comes_back_from_the_journal(labels in proptest::collection::vec(proptest::collection::vec(0_u8..=127, 1..20), 1..8)) {
            let name = Name::from_labels(labels.iter().map(Vec::as_slice)).unwrap();
            let rdata = Rdata::new(RData::CNAME(CNAME(name))).unwrap();
            proptest::prop_assert_eq!(Rdata::parse(RecordType::CNAME, &rdata.stored().unwrap(), None), Ok(rdata));
        }
    }
}
