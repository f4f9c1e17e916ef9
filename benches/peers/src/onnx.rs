//! A network as an ONNX model: the few messages of `onnx.proto` that it needs, by hand.
//!
//! Written here and not by a script, so that the peers read the very network that is measured
//! beside them and no file lies between.

use mdn_infer::format::Activation;
use prost::Message;

use crate::network::Network;

#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(int64, tag = "1")]
    ir_version: i64,
    #[prost(message, repeated, tag = "8")]
    opset_import: Vec<OperatorSetId>,
    #[prost(message, optional, tag = "7")]
    graph: Option<Graph>,
}

#[derive(Clone, PartialEq, Message)]
struct OperatorSetId {
    #[prost(string, tag = "1")]
    domain: String,
    #[prost(int64, tag = "2")]
    version: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "1")]
    node: Vec<Node>,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    input: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    output: Vec<ValueInfo>,
}

#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(string, repeated, tag = "1")]
    input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    output: Vec<String>,
    #[prost(string, tag = "4")]
    op_type: String,
    #[prost(message, repeated, tag = "5")]
    attribute: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int64, tag = "3")]
    i: i64,
    #[prost(int32, tag = "20")]
    kind: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes, tag = "9")]
    raw_data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct ValueInfo {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    kind: Option<Type>,
}

#[derive(Clone, PartialEq, Message)]
struct Type {
    #[prost(message, optional, tag = "1")]
    tensor: Option<TensorType>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorType {
    #[prost(int32, tag = "1")]
    element: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<Shape>,
}

#[derive(Clone, PartialEq, Message)]
struct Shape {
    #[prost(message, repeated, tag = "1")]
    dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
struct Dimension {
    #[prost(int64, tag = "1")]
    value: i64,
}

/// Numbers that `onnx.proto` gives to types.
const FLOAT: i32 = 1;
const INT64: i32 = 7;
const INT: i32 = 2;

/// The name of the input.
pub const INPUT: &str = "x";
/// The names of the outputs, one a group of [`Network::groups`]; an empty group has none.
pub const OUTPUTS: [&str; 4] = ["log_weights", "means", "diagonal", "below"];

/// The model for `rows` rows at a time.
pub fn encode(network: &Network, rows: usize) -> Vec<u8> {
    let mut graph = Graph {
        name: "mixture".to_owned(),
        input: vec![value(INPUT, rows, network.inputs())],
        ..Graph::default()
    };
    graph.constant("shift", &[network.inputs()], &network.shift);
    graph.constant("scale", &[network.inputs()], &network.scale);
    graph.node("Sub", &[INPUT, "shift"], &["centred"]);
    graph.node("Div", &["centred", "scale"], &["h0"]);
    for (index, layer) in network.layers.iter().enumerate() {
        let [h, kernel, bias, z, next] = [
            format!("h{index}"),
            format!("kernel{index}"),
            format!("bias{index}"),
            format!("z{index}"),
            format!("h{}", index + 1),
        ];
        let outputs = layer.bias.len();
        graph.constant(
            &kernel,
            &[layer.kernel.len() / outputs, outputs],
            &layer.kernel,
        );
        graph.constant(&bias, &[outputs], &layer.bias);
        match operator(layer.activation) {
            None => graph.node("Gemm", &[&h, &kernel, &bias], &[&next]),
            Some(activation) => {
                graph.node("Gemm", &[&h, &kernel, &bias], &[&z]);
                graph.node(activation, &[&z], &[&next]);
            }
        }
    }
    graph.head(&format!("h{}", network.layers.len()), network, rows);
    let opset = OperatorSetId {
        domain: String::new(),
        version: 17,
    };
    ModelProto {
        ir_version: 8,
        opset_import: vec![opset],
        graph: Some(graph),
    }
    .encode_to_vec()
}

fn operator(activation: Activation) -> Option<&'static str> {
    match activation {
        Activation::Identity => None,
        Activation::Sigmoid => Some("Sigmoid"),
        Activation::Tanh => Some("Tanh"),
        other => panic!("ONNX has no single operator for {other:?}; no benchmark model has it"),
    }
}

impl Graph {
    /// From the last layer's outputs to mixture parameters.
    fn head(&mut self, outputs: &str, network: &Network, rows: usize) {
        let groups = OUTPUTS
            .into_iter()
            .zip(network.groups)
            .filter(|(_, len)| *len > 0);
        let (names, sizes): (Vec<_>, Vec<_>) = groups.unzip();
        self.output = names
            .iter()
            .zip(&sizes)
            .map(|(name, len)| value(name, rows, *len))
            .collect();
        let lengths: Vec<u8> = sizes
            .iter()
            .flat_map(|&len| (len as i64).to_le_bytes())
            .collect();
        self.initializer.push(Tensor {
            dims: vec![sizes.len() as i64],
            data_type: INT64,
            name: "lengths".to_owned(),
            raw_data: lengths,
        });
        let mut parts = names.clone();
        (parts[0], parts[2]) = ("logits", "logarithms");
        self.node("Split", &[outputs, "lengths"], &parts);
        self.node("LogSoftmax", &[parts[0]], &[names[0]]);
        self.node("Exp", &[parts[2]], &[names[2]]);
    }

    fn constant(&mut self, name: &str, dims: &[usize], values: &[f32]) {
        self.initializer.push(Tensor {
            dims: dims.iter().map(|&dim| dim as i64).collect(),
            data_type: FLOAT,
            name: name.to_owned(),
            raw_data: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        });
    }

    /// A node; those that have an axis work along the outputs.
    fn node(&mut self, op_type: &str, input: &[&str], output: &[&str]) {
        let axis = Attribute {
            name: "axis".to_owned(),
            i: 1,
            kind: INT,
        };
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        self.node.push(Node {
            input: names(input),
            output: names(output),
            op_type: op_type.to_owned(),
            attribute: if matches!(op_type, "Split" | "LogSoftmax") {
                vec![axis]
            } else {
                vec![]
            },
        });
    }
}

fn value(name: &str, rows: usize, len: usize) -> ValueInfo {
    let dim = [rows, len]
        .map(|value| Dimension {
            value: value as i64,
        })
        .to_vec();
    let tensor = TensorType {
        element: FLOAT,
        shape: Some(Shape { dim }),
    };
    ValueInfo {
        name: name.to_owned(),
        kind: Some(Type {
            tensor: Some(tensor),
        }),
    }
}
