//! Where lanes leave the blocks that they are in.

use crate::mid::flatten::{Node, any_node};

/// Whether no lane reaches the end of the block.
pub fn always_leaves<R>(block: &[Node<R>]) -> bool {
    block.iter().any(|node| match node {
        Node::Return(_) | Node::Break | Node::Continue => true,
        Node::If { branches, otherwise } => {
            branches.iter().all(|(_, body)| always_leaves(body)) && always_leaves(otherwise)
        }
        Node::Compute(_) | Node::Loop(_) | Node::Print(..) => false,
    })
}

/// Whether a lane may end a pass of the loop with this body before its end.
pub fn leaves_early<R>(body: &[Node<R>]) -> bool {
    has_continue(body) || can_end(body)
}

/// Whether a lane may end the loop with this body before its end.
pub fn can_end<R>(body: &[Node<R>]) -> bool {
    any_node(body, |node| matches!(node, Node::Return(_)))
        || any_of_loop(body, |node| matches!(node, Node::Break))
}

/// Whether a `continue` of this loop is in its body.
pub fn has_continue<R>(body: &[Node<R>]) -> bool {
    any_of_loop(body, |node| matches!(node, Node::Continue))
}

/// Whether a loop is in the block.
pub fn has_loop<R>(block: &[Node<R>]) -> bool {
    any_node(block, |node| matches!(node, Node::Loop(_)))
}

/// Whether `test` holds for a node of a loop's body that is not inside another loop.
fn any_of_loop<R>(body: &[Node<R>], test: fn(&Node<R>) -> bool) -> bool {
    body.iter().any(|node| match node {
        Node::If { branches, otherwise } => {
            branches.iter().any(|(_, body)| any_of_loop(body, test)) || any_of_loop(otherwise, test)
        }
        Node::Compute(_)
        | Node::Return(_)
        | Node::Loop(_)
        | Node::Break
        | Node::Continue
        | Node::Print(..) => test(node),
    })
}
