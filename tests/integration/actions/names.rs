//! Where a name leads, by the word of a name server.

use std::net::{IpAddr, Ipv4Addr};

use tokio::net::UdpSocket;

use runbook::actions::nameserver::Server as NameServer;
use runbook::actions::{Family, Verdict, names};

use super::server::Server;
use super::world::World;

const A: u16 = 1;

/// A name server that knows one name, which is at 127.0.0.1. Gives its port.
async fn knows(name: &'static str) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut packet = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut packet).await.unwrap();
            socket.send_to(&answer(&packet[..length], name), from).await.unwrap();
        }
    });
    port
}

/// The answer to a question: the head and the question again, and the address where it is the name's.
fn answer(asked: &[u8], known: &str) -> Vec<u8> {
    let (mut name, mut at) = (String::new(), 12);
    while asked[at] != 0 {
        let label = &asked[at + 1..][..usize::from(asked[at])];
        name += &String::from_utf8_lossy(label);
        name.push('.');
        at += 1 + label.len();
    }
    let kind = u16::from_be_bytes([asked[at + 1], asked[at + 2]]);
    let question = &asked[12..at + 5];
    let is_known = name.eq_ignore_ascii_case(known);
    let count = u8::from(is_known && kind == A);
    // An answer, with recursion; where nobody knows the name, NXDOMAIN.
    let head = [asked[0], asked[1], 0x81, if is_known { 0x80 } else { 0x83 }, 0, 1, 0, count, 0, 0, 0, 0];
    let mut answer = [&head, question].concat();
    if count == 1 {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    answer
}

#[tokio::test]
async fn a_name_server_says_where_a_name_leads() {
    let world = World::new().await;
    let site = Server::plain(|_| "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere".to_owned()).await;
    let named = knows("www.example.org.").await;
    let text =
        |more: &str| format!("{{url: \"http://www.example.org:{}/\", at: \"127.0.0.1:{named}\"{more}}}", site.port);
    let looked = world.probe_on(None, "http", &text(", expect: {body: here}")).await.unwrap();
    assert_eq!(looked, Verdict::Holds);
    assert!(site.last().contains(&format!("host: www.example.org:{}\r\n", site.port)), "{}", site.last());
    let Verdict::Fails(why) = world.probe_on(None, "http", &text(", family: ipv6")).await.unwrap() else { panic!() };
    assert!(why.contains("has no IPv6 address"), "{why}");
    let elsewhere = text("").replace("www.example.org", "www.example.com");
    let Verdict::Fails(why) = world.probe_on(None, "http", &elsewhere).await.unwrap() else { panic!() };
    assert!(why.contains("www.example.com"), "{why}");
}

#[tokio::test]
async fn addresses_and_bare_names_are_asked_of_nobody() {
    let world = World::new().await;
    let unit = world.unit(None);
    let look_up = async |name: &str, family, at: Option<&NameServer>| {
        let found = names::look_up(name, 80, family, at, &world.read(&unit, 0).watching()).await;
        found
            .map(|found| found.iter().map(|at| (at.ip(), at.port())).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    let local = (IpAddr::V4(Ipv4Addr::LOCALHOST), 80);
    let nobody = NameServer::parse("127.0.0.1:1").unwrap();
    assert_eq!(look_up("127.0.0.1", None, Some(&nobody)).await, Ok(vec![local]));
    assert_eq!(look_up("127.0.0.1", Some(Family::Ipv6), None).await, Err("127.0.0.1 has no IPv6 address".into()));
    assert_eq!(look_up("localhost", Some(Family::Ipv4), None).await, Ok(vec![local]));
    assert!(look_up("www.example.org", None, Some(&nobody)).await.is_err());
}
