use crate::client::Server;
use serde_json::Value;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Lists paths with an example for each of their parameters, and what the document says of them.
async fn paths(server: &Server) -> Vec<(String, Value)> {
    let document = server.get("/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let paths = document["paths"].as_object().unwrap().clone();
    let example =
        |path: &str| path.replace("{channel}", "a/b").replace("{name}", "c").replace("{stream}", "main");
    paths.into_iter().map(|(path, item)| (example(&path), item)).collect()
}

#[tokio::test]
async fn what_is_described_is_there_and_what_is_not_is_not() {
    let server = Server::start().await;
    let paths = paths(&server).await;
    assert!(paths.len() >= 15);
    for (path, item) in &paths {
        for method in METHODS {
            let answer = server.send(&method.to_uppercase(), path, &[], "").await;
            let described = item.get(method).is_some();
            assert_eq!(answer.status != 405, described, "{method} {path}: {}", answer.status);
            if !described {
                answer.problem(405, "method_not_allowed");
                let mut allowed: Vec<_> = answer.header("allow").split(", ").map(str::to_lowercase).collect();
                allowed.retain(|method| method != "head");
                allowed.sort();
                let mut listed: Vec<_> = item.as_object().unwrap().keys().cloned().collect();
                listed.sort();
                assert_eq!(allowed, listed, "{path}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn every_path_parameter_is_described() {
    let server = Server::start().await;
    let document = server.get("/openapi.json").await.expect(200);
    for (path, item) in document["paths"].as_object().unwrap() {
        let named: Vec<_> = path.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().unwrap();
            let described: Vec<_> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            assert_eq!(described, named, "{method} {path}");
        }
    }
    server.stop().await;
}

/// Query keys are checked strictly, so that each that is described is known, and no other.
#[tokio::test]
async fn every_query_key_that_is_described_is_known() {
    let server = Server::start().await;
    for (path, item) in paths(&server).await {
        for parameter in item["get"]["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" {
                let name = parameter["name"].as_str().unwrap();
                let answer = server.get(&format!("{path}?{name}=%00")).await;
                assert!(!answer.text().contains("there is no query key"), "{path} {name}");
            }
        }
        let strict = path.starts_with("/v1/") && item.get("get").is_some();
        if strict {
            server.get(&format!("{path}?nonsense=1")).await.problem(400, "invalid_input");
        }
    }
    server.stop().await;
}
