//! The survey of `runbooks/hsts-survey.yaml`, asked of a host that plays the banks.

use std::fmt::Write as _;
use std::path::Path;

use crate::banks;
use crate::lab::Lab;
use crate::operator::{Operator, Said};

const SURVEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/hsts-survey.yaml");

/// A country, its banks (name, the host that it is, what the table has to say), and its share.
type Country = (&'static str, &'static [(&'static str, &'static str, &'static str)], &'static str);

const REFUSED: &str = "error: cannot connect to 192.0.2.12:8445: Connection refused (os error 111)";

#[rustfmt::skip]
const COUNTRIES: &[Country] = &[
    ("New Zealand", &[
        ("Plain", "https://plain.bank.test:8443/", "YES!"),
        ("Zero", "https://zero.bank.test:8443/", "no"),
        ("Without", "https://without.bank.test:8443/", "no"),
        ("Two, the first counts", "https://good-first.bank.test:8443/", "YES!"),
        ("Two, the first does not count", "https://bad-first.bank.test:8443/", "no"),
        ("Quoted", "https://quoted.bank.test:8443/", "YES!"),
        ("Subdomains", "https://subdomains.bank.test:8443/", "YES!"),
        ("Unknown directives", "https://unknown.bank.test:8443/", "YES!"),
        ("No number", "https://soon.bank.test:8443/", "no"),
        ("Below nought", "https://negative.bank.test:8443/", "no"),
        ("Said twice", "https://twice.bank.test:8443/", "no"),
        ("No age", "https://ageless.bank.test:8443/", "no"),
        ("Bare", "https://bare.bank.test:8443/", "no"),
        ("Commas", "https://commas.bank.test:8443/", "no"),
        ("Empty directives", "https://semicolons.bank.test:8443/", "YES!"),
        ("Very old", "https://endless-age.bank.test:8443/", "YES!"),
        ("Over plain HTTP", "http://plain-only.bank.test:8080/", "no"),
    ], "7 of 17 send it: 41 %."),
    ("Åland | \"Islands\"", &[
        ("Forbidden", "https://forbidden.bank.test:8443/", "YES!"),
        ("Moved to HTTPS", "http://moved.bank.test:8080/", "YES!"),
        ("Moved elsewhere, \"A|B\"", "https://elsewhere.bank.test:8443/", "YES!"),
        ("Moved to worse", "https://to-worse.bank.test:8443/", "no"),
        ("Moved down", "https://down.bank.test:8443/", "no"),
        ("Round", "https://round.bank.test:8443/", "error: the answers lead on more than 10 times"),
        ("Self-signed", "https://self-signed.bank.test:8443/",
            "error: no TLS with self-signed.bank.test:8443: its certificate is from nobody that is trusted (UnknownIssuer)"),
        ("Expired", "https://expired.bank.test:8443/",
            "error: no TLS with expired.bank.test:8443: its certificate has expired: it was good until 2020-12-31T00:00:00Z"),
        ("Misnamed", "https://misnamed.bank.test:8443/",
            "error: no TLS with misnamed.bank.test:8443: its certificate is for other.bank.test, not for misnamed.bank.test"),
        ("No TLS there", "https://plain.bank.test:8080/", "error: no TLS with plain.bank.test:8080: what answers there does not speak TLS"),
        ("Refused", "https://plain.bank.test:8445/", REFUSED),
        ("Silent", "https://silent.bank.test:8443/", "error: no answer within 20s"),
        ("Mute", "https://plain.bank.test:8444/", "error: no answer within 20s"),
        ("A byte at a time", "https://drip.bank.test:8443/", "error: no answer within 20s"),
        ("Nowhere", "https://nowhere.bank.test/",
            "error: nowhere.bank.test cannot be resolved: failed to lookup address information: Temporary failure in name resolution"),
    ], "3 of 15 send it: 20 %. 10 gave no answer."),
];

#[test]
fn a_survey_of_sites_of_every_kind() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    the_list_is_in_order(&operator);
    let banks = Banks::open(&lab, &operator);
    sites_are_asked_at_the_same_time(&lab, &banks);
    each_bank_gets_its_row_and_each_country_its_share(&banks);
}

/// The banks that the sample comes with: nobody is asked.
fn the_list_is_in_order(operator: &Operator<'_>) {
    operator.runbook(&["check", SURVEY]).ended(0).says("nothing is wrong with it");
    let plan = operator.runbook(&["plan", SURVEY]).ended(0);
    let plan = plan
        .says("GET https://fnc.asbbank.co.nz/1/User/LogOn")
        .says("GET https://online.westpac.com.au/esis/Login/SrvPage");
    assert_eq!(plan.text.matches("GET https://").count(), 26, "{}", plan.text);
    let list = std::fs::read_to_string(Path::new(SURVEY).with_file_name("hsts/banks.csv")).unwrap();
    let of = |country: &str| list.lines().filter(|line| line.starts_with(country)).count();
    assert_eq!((of("New Zealand,"), of("Australia,"), list.lines().count()), (10, 16, 27));
}

/// The server answers a request only once as many are there: were they asked one by one, none would ever get an answer.
fn sites_are_asked_at_the_same_time(lab: &Lab, banks: &Banks<'_>) {
    for (count, at_once) in [(26, 26), (1000, 50)] {
        let rows = (0..count).map(|n| format!("Anywhere,Bank {n},https://plain.bank.test:8443/all/{at_once}/{n}\n"));
        let said = banks.survey(&format!("country,bank,url\n{}", rows.collect::<String>())).ended(0);
        said.shows(&format!("\n{count} of {count} send it: 100 %.\n"));
        let peak = lab.operator("curl --silent --fail --insecure --user-agent x https://plain.bank.test:8443/peak");
        assert_eq!(peak, at_once.to_string(), "no more than the runbook allows");
    }
}

/// Dead sites and all, the survey is done.
fn each_bank_gets_its_row_and_each_country_its_share(banks: &Banks<'_>) {
    let mut list = "country,bank,url\n".to_owned();
    let mut due = String::new();
    for (country, sites, share) in COUNTRIES {
        write!(due, "\n## {country}\n\n| Bank | Online banking URL | Header? |\n| --- | --- | --- |\n").unwrap();
        for (bank, url, found) in *sites {
            writeln!(list, "{},{},{url}", quoted(country), quoted(bank)).unwrap();
            writeln!(due, "| {} | {url} | {found} |", bank.replace('|', "\\|")).unwrap();
        }
        write!(due, "\n{share}\n").unwrap();
    }
    let said = banks.survey(&list).ended(0);
    said.shows(&format!("# Who sends Strict-Transport-Security?\n{due}"));
    // A list with a mistake in it is no list to begin with.
    let said = banks.survey("country,bank,url\nA,B,www.example.org\nA,C,https://plain.bank.test:8443/\n").ended(2);
    said.says("a URL is due here, found `www.example.org`").says("nothing ran");
}

/// A host that plays them.
struct Banks<'a> {
    operator: &'a Operator<'a>,
}

impl<'a> Banks<'a> {
    fn open(lab: &Lab, operator: &'a Operator<'a>) -> Self {
        let ca = operator.state.path().join("banks-ca.pem");
        let files = banks::Files::make();
        std::fs::write(ca, &files.ca).unwrap();
        let mut script = "mkdir /root/banks\n".to_owned();
        for (name, text) in files.all() {
            writeln!(script, "cat >/root/banks/{name} <<'END'\n{text}\nEND").unwrap();
        }
        script +=
            "systemd-run --quiet --unit=banks --property=LimitNOFILE=8192 python3 /root/banks/banks.py /root/banks";
        lab.on("new", &script);
        lab.eventually("new", 20, "ss --listening --tcp --numeric --no-header | grep -q :8444");
        let names: Vec<String> = banks::names().map(|name| format!("{name}.bank.test")).collect();
        let etc_hosts = lab.file("etc_hosts");
        let before = std::fs::read_to_string(&etc_hosts).unwrap();
        std::fs::write(etc_hosts, format!("{before}192.0.2.12 {}\n", names.join(" "))).unwrap();
        Self { operator }
    }

    fn survey(&self, list: &str) -> Said {
        let state = self.operator.state.path();
        std::fs::write(state.join("sites.csv"), list).unwrap();
        let sites = format!("sites={}", state.join("sites.csv").display());
        let mut command = self.operator.command(&["run", SURVEY, "--var", &sites]);
        Said::of(&command.env("SSL_CERT_FILE", state.join("banks-ca.pem")).output().unwrap())
    }
}

impl Said {
    /// It shows a text, each of its lines below the one before.
    fn shows(&self, text: &str) {
        let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
        let (shown, due) = (lines(&self.text), lines(text.trim_end()));
        let found = shown.windows(due.len()).any(|window| window == due);
        assert!(found, "nowhere:\n{text}\nin:\n{}", self.text);
    }
}

/// A field of a list.
fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}
