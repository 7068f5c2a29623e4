//! The OpenAPI 3.1 document, made of the table of routes.

pub(crate) mod operations;
mod parameters;

use crate::route::Route;
use parameters::Parameter;
use serde_json::{Map, Value, json};

/// Describes one method of one path.
pub(crate) struct Operation {
    /// Names it for generated clients.
    id: &'static str,
    summary: &'static str,
    parameters: &'static [&'static Parameter],
    body: Content,
    answers: &'static [Answer],
}

/// Names media types, each with the schema of what it holds; `""` is any bytes, and `[]` nothing.
type Content = &'static [(&'static str, &'static str)];

/// Describes an answer: status, meaning, content. Problems go without saying.
type Answer = (u16, &'static str, Content);

const SCHEMAS: &str = include_str!("schemas.json");

/// Writes the document.
pub(crate) fn document(routes: &[Route]) -> Vec<u8> {
    let paths: Map<String, Value> = routes.iter().map(|route| (path(route), item(route))).collect();
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Eventweir",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every retained event reaches every reader, once, in order, or the reader is told."
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}
            },
            "responses": {"Problem": {
                "description": "What went wrong.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            }}
        },
        "security": [{}, {"bearer": []}, {"token": []}]
    });
    // Maps with text as keys always have a JSON form.
    serde_json::to_vec(&document).unwrap_or_default()
}

/// OpenAPI has no word for "the rest of the path": clients put slashes in as they are.
fn path(route: &Route) -> String {
    route.path().replace("{*", "{")
}

fn item(route: &Route) -> Value {
    let operations = route.operations().iter();
    operations
        .map(|(method, operation)| (method.key().to_owned(), operation.describe()))
        .collect::<Map<_, _>>()
        .into()
}

impl Operation {
    fn describe(&self) -> Value {
        let mut answers: Map<String, Value> =
            self.answers.iter().map(|(status, meaning, content)| answer(*status, meaning, content)).collect();
        answers.insert("default".to_owned(), json!({"$ref": "#/components/responses/Problem"}));
        let mut described = json!({
            "operationId": self.id,
            "summary": self.summary,
            "parameters": self.parameters.iter().map(|parameter| parameter.describe()).collect::<Vec<_>>(),
            "responses": answers,
        });
        if !self.body.is_empty() {
            described["requestBody"] = json!({"required": true, "content": media(self.body)});
        }
        described
    }
}

fn answer(status: u16, meaning: &str, content: Content) -> (String, Value) {
    let mut answer = json!({"description": meaning});
    if !content.is_empty() {
        answer["content"] = media(content);
    }
    (status.to_string(), answer)
}

fn media(content: Content) -> Value {
    let schema = |name: &str| match name {
        "" => json!({}),
        name => json!({"schema": {"$ref": format!("#/components/schemas/{name}")}}),
    };
    content.iter().map(|(kind, name)| ((*kind).to_owned(), schema(name))).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_that_is_named_exists_and_the_other_way_round() {
        let bytes = document(&crate::routes::table());
        let text = std::str::from_utf8(&bytes).unwrap();
        let document: Value = serde_json::from_str(text).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        assert!(!schemas.is_empty());
        for name in schemas.keys() {
            assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "nothing uses {name}");
        }
        for named in text.split("\"#/components/schemas/").skip(1) {
            let name = named.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is not described");
        }
    }

    #[test]
    fn every_operation_has_its_own_id() {
        let routes = crate::routes::table();
        let mut ids: Vec<_> = routes.iter().flat_map(|r| r.operations()).map(|(_, o)| o.id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
