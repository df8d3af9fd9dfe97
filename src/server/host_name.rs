//! The names by which a client may address this server.
//!
//! The owner of a web page can let the page's host name resolve to a loopback or private address, and then send requests
//! from the user's browser (DNS rebinding). Such a request has the page's name in `Host`. An address in digits cannot be
//! rebound, so those are always accepted.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, Uri, header};

/// Whether the request names this server: by an address in digits, by `localhost`, or by the host of the public URL.
/// A request without `Host` is accepted, because every browser sends it.
pub(crate) fn is_ours(headers: &HeaderMap, public_url: &str) -> bool {
    let mut names = headers.get_all(header::HOST).iter();
    let Some(name) = names.next() else { return true };
    // A proxy and this server could choose different ones of two names.
    if names.next().is_some() {
        return false;
    }
    let Ok(name) = name.to_str() else { return false };
    let host = without_port(name).to_ascii_lowercase();
    is_address(&host) || host == "localhost" || host.ends_with(".localhost") || public_host(public_url) == Some(host)
}

/// Returns a host without its port. An IPv6 address without brackets keeps its last group.
fn without_port(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|each| each.is_ascii_digit()) && !host.ends_with(':') => host,
        _ => name,
    }
}

/// Whether a host is an IPv4 address, or an IPv6 address in brackets or without.
fn is_address(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.map_or_else(
        || host.parse::<IpAddr>().is_ok(),
        |inner| inner.parse::<Ipv6Addr>().is_ok(),
    )
}

/// Returns the host of a URL in lower case. `None` when it has none.
fn public_host(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    uri.host().map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        is_ours(&headers, "https://Lobu.example.org/base")
    }

    #[test]
    fn accepts_addresses_localhost_and_the_public_name_only() {
        for host in [
            "127.0.0.1:8787",
            "10.0.0.11",
            "[::1]:80",
            "localhost:1",
            "a.localhost",
            "lobu.example.org:443",
        ] {
            assert!(accepts(host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:80",
            "",
            "[::1].evil",
            "x:y",
        ] {
            assert!(!accepts(host), "{host}");
        }
    }

    #[test]
    fn refuses_two_names_and_accepts_none() {
        let mut headers = HeaderMap::new();
        assert!(is_ours(&headers, "http://127.0.0.1:1"));
        headers.append(header::HOST, "localhost".parse().unwrap());
        headers.append(header::HOST, "localhost".parse().unwrap());
        assert!(!is_ours(&headers, "http://127.0.0.1:1"));
    }
}
