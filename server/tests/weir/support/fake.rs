//! Servers that are not what a URL says they are.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// Answers each connection in a thread of its own, for as long as the test runs.
fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

/// Starts something that speaks Redis' protocol, says that it has a version, and agrees to everything else.
pub(crate) fn redis_of_version(version: &'static str) -> SocketAddr {
    serve(move |stream| drop(as_redis(stream, version)))
}

/// Starts something that takes connections and never says a word.
pub(crate) fn silent() -> SocketAddr {
    serve(|mut stream| drop(stream.read_to_end(&mut Vec::new())))
}

/// Starts something that answers everything with a page for browsers.
pub(crate) fn web_server() -> SocketAddr {
    serve(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ =
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    })
}

fn as_redis(stream: TcpStream, version: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some(command) = command(&mut reader)? {
        let name = command.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
        let answer = match name.as_str() {
            "HELLO" => format!(
                "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n${}\r\n{version}\r\n",
                version.len()
            ),
            "INFO" => bulk(&format!(
                "# Server\r\nredis_version:{version}\r\nredis_mode:standalone\r\nrole:master\r\n"
            )),
            "PING" => "+PONG\r\n".to_owned(),
            _ => "+OK\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// Reads an array of texts; none at the end of the connection.
fn command(reader: &mut impl BufRead) -> std::io::Result<Option<Vec<String>>> {
    let Some(parts) = number(reader)? else { return Ok(None) };
    let mut command = Vec::new();
    for _ in 0..parts {
        let mut text = vec![0; number(reader)?.unwrap_or_default() + 2];
        reader.read_exact(&mut text)?;
        text.truncate(text.len() - 2);
        command.push(String::from_utf8_lossy(&text).into_owned());
    }
    Ok(Some(command))
}

/// Reads the number of a line such as `*3` or `$5`.
fn number(reader: &mut impl BufRead) -> std::io::Result<Option<usize>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().get(1..).and_then(|number| number.parse().ok()))
}
