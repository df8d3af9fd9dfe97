//! Where a request came from: its address, and whether a page of this server has sent it.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::http::{Extensions, HeaderMap, header};

use super::request_info::RequestInfo;

/// Returns the address of the sender. `None` for a request within the process.
///
/// A proxy appends the address that it sees to `X-Forwarded-For`. Only its last entry counts, and only when this server is
/// behind a proxy and the request came from a private address: everybody else could write anything there.
pub(crate) fn address(extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let info = extensions.get::<Arc<RequestInfo>>()?;
    let peer = info.peer?;
    if !info.behind_proxy || !is_private(peer) {
        return Some(peer);
    }
    let lines = headers.get_all("x-forwarded-for").iter();
    let last = lines.filter_map(|line| line.to_str().ok()).next_back();
    let last = last.and_then(|line| line.rsplit(',').next());
    Some(last.and_then(|text| text.trim().parse().ok()).unwrap_or(peer))
}

/// Returns the key by which attempts of this sender are counted.
pub(crate) fn address_key(extensions: &Extensions, headers: &HeaderMap) -> String {
    address(extensions, headers).map_or_else(|| "local".to_owned(), key_of)
}

/// Returns the key of an address. One customer of a provider has 2^64 addresses of IPv6, which count as one.
fn key_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// What the browser says about the page that has sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SenderPage {
    /// A page of this server.
    Ours,
    /// Another page, or one that hides which.
    Foreign,
    /// Nothing is known: no browser, or a very old one.
    Unknown,
}

/// Returns which page has sent a request, by its `Origin`. The `Host` was checked before (see `host_name`), so a page that
/// has the same host is ours.
pub(crate) fn page(headers: &HeaderMap, origin: &str) -> SenderPage {
    let Some(sent) = headers.get(header::ORIGIN) else {
        return SenderPage::Unknown;
    };
    let Ok(sent) = sent.to_str() else {
        return SenderPage::Foreign;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let same_host = sent
        .split_once("://")
        .is_some_and(|(_, sent)| host.is_some_and(|host| host.eq_ignore_ascii_case(sent)));
    if same_host || sent.eq_ignore_ascii_case(origin) {
        SenderPage::Ours
    } else {
        SenderPage::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn knows_its_own_pages() {
        let page = |pairs: &[(&'static str, &str)]| page(&headers(pairs), "https://lobu.example.org");
        assert_eq!(page(&[]), SenderPage::Unknown);
        assert_eq!(page(&[("origin", "https://lobu.example.org")]), SenderPage::Ours);
        assert_eq!(
            page(&[("origin", "http://127.0.0.1:80"), ("host", "127.0.0.1:80")]),
            SenderPage::Ours
        );
        for origin in [
            "null",
            "https://lobu.example.org.evil.example",
            "http://127.0.0.1:81",
            "127.0.0.1:80",
        ] {
            assert_eq!(
                page(&[("origin", origin), ("host", "127.0.0.1:80")]),
                SenderPage::Foreign,
                "{origin}"
            );
        }
    }

    #[test]
    fn believes_the_last_entry_of_a_near_proxy_only() {
        let sender = |peer: &str, forwarded: &str, behind_proxy: bool| {
            let mut extensions = Extensions::new();
            extensions.insert(Arc::new(RequestInfo::of_peer(peer.parse().unwrap(), behind_proxy)));
            address(&extensions, &headers(&[("x-forwarded-for", forwarded)]))
                .unwrap()
                .to_string()
        };
        let address = |peer: &str, forwarded: &str| sender(peer, forwarded, true);
        assert_eq!(address("10.0.0.1", "6.6.6.6, 1.2.3.4"), "1.2.3.4");
        assert_eq!(address("127.0.0.1", "nonsense"), "127.0.0.1");
        assert_eq!(address("8.8.8.8", "1.2.3.4"), "8.8.8.8");
        assert_eq!(sender("10.0.0.1", "1.2.3.4", false), "10.0.0.1");
    }

    #[test]
    fn counts_a_network_of_ipv6_as_one_sender() {
        let key = |address: &str| key_of(address.parse().unwrap());
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(key("2001:db8:1:2::"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:3::"), key("2001:db8:1:2::"));
        assert_eq!(
            (key("::ffff:1.2.3.4"), key("1.2.3.4")),
            ("1.2.3.4".to_owned(), "1.2.3.4".to_owned())
        );
    }
}
