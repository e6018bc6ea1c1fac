"""Programs in numexpr's form: what `disassemble` shows. The library runs its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from miniexpr.numexpr._kinds import CODES, DTYPES, find_operation, opcodes

_NAMES = {code: name.decode() for name, code in opcodes.items()}


class ASTNode:
    """A node of a tree whose operations have their names.

    Parameters
    ----------
    astType : {'op', 'variable', 'constant', 'raw', 'generic'}
    astKind : str
        The kind of the values.
    value : object
        The name of an operation or variable, the value of a constant.
    children : sequence of ASTNode
        The operands.
    """

    cmpnames = ("astType", "astKind", "value", "children")

    def __init__(
        self, astType: str = "generic", astKind: str = "unknown", value: Any = None, children: Any = ()
    ) -> None:
        self.astType = astType
        self.astKind = astKind
        self.value = value
        self.children = tuple(children)
        self.reg: Any = None

    def __str__(self) -> str:
        return f"AST({self.astType}, {self.astKind}, {self.value}, {self.children}, {self.reg})"

    def typecode(self) -> str:
        """The code of the kind."""
        return CODES[self.astKind]

    def postorderWalk(self) -> Iterator[ASTNode]:
        """All nodes, operands before what uses them; a node that is used twice comes once."""
        seen = set()
        stack = [(self, False)]
        while stack:
            node, is_ready = stack.pop()
            if is_ready:
                yield node
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.children))

    def allOf(self, *astTypes: str) -> Iterator[ASTNode]:
        """All nodes of some types."""
        return (node for node in self.postorderWalk() if node.astType in astTypes)


def to_ast(expression: Any) -> ASTNode:
    """A tree of expressions as one of plain nodes; a node that is used twice is one node."""
    made: dict[int, ASTNode] = {}
    stack = [(expression, False)]
    while stack:
        node, is_ready = stack.pop()
        if id(node) in made:
            continue
        if is_ready:
            children = [made[id(child)] for child in node.children]
            made[id(node)] = ASTNode(node.astType, node.astKind, node.value, children)
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in node.children)
    return made[id(expression)]


def type_compile(root: ASTNode) -> ASTNode:
    """The tree with the names of operations, and with conversions where operands need them.

    Raises
    ------
    NotImplementedError
        If an operation does not exist for the kinds of its operands.
    """
    made: dict[int, ASTNode] = {}
    for node in root.postorderWalk():
        children = [made[id(child)] for child in node.children]
        value = node.value
        if node.astType == "op":
            result = node.typecode()
            operands = "".join(child.typecode() for child in children)
            wanted = find_operation(str(value), result, operands)
            children = [
                _as_kind(child, code) if child.typecode() != code else child
                for child, code in zip(children, wanted, strict=True)
            ]
            value = f"{value}_{result}{wanted}".encode()
        made[id(node)] = ASTNode(node.astType, node.astKind, value, children)
    return made[id(root)]


_KINDS = {CODES[kind]: kind for kind in DTYPES}


def _as_kind(node: ASTNode, code: str) -> ASTNode:
    kind = _KINDS[code]
    if node.astType == "constant":
        return ASTNode("constant", kind, DTYPES[kind].type(node.value), ())
    return ASTNode("op", kind, f"cast_{code}{node.typecode()}".encode(), (node,))


def share_equal(root: ASTNode) -> ASTNode:
    """The tree with one node for all that are equal."""
    made: dict[int, ASTNode] = {}
    known: dict[Any, ASTNode] = {}
    for node in root.postorderWalk():
        children = [made[id(child)] for child in node.children]
        # Constants are equal by their bits: a NaN is equal to itself, zeros of two signs are not.
        value = np.asarray(node.value).tobytes() if node.astType == "constant" else node.value
        key = (node.astType, node.astKind, value, tuple(id(child) for child in children))
        if key not in known:
            known[key] = ASTNode(node.astType, node.astKind, node.value, children)
        made[id(node)] = known[key]
    return made[id(root)]


class Listing:
    """A program, with the signatures of its registers: the result, inputs, constants, temporary values.

    Parameters
    ----------
    root : ASTNode
        A tree of `type_compile`.
    names : sequence of str
        The inputs.
    kinds : sequence of str
        Their kinds.
    """

    def __init__(self, root: ASTNode, names: Any, kinds: Any) -> None:
        root = share_equal(root)
        if root.astType in ("variable", "constant"):
            code = root.typecode()
            root = ASTNode("op", root.astKind, f"copy_{code}{code}".encode(), (root,))
        nodes = list(root.postorderWalk())
        constants = [node for node in nodes if node.astType == "constant"]
        for index, node in enumerate(constants):
            node.reg = 1 + len(names) + index
        for node in nodes:
            if node.astType == "variable":
                node.reg = 1 + list(names).index(node.value)
        operations = [node for node in nodes if node.astType == "op"]
        self.names = tuple(names)
        self.constants = tuple(_constant(node) for node in constants)
        self.signature = "".join(CODES[kind] for kind in kinds).encode()
        self.constsig = "".join(node.typecode() for node in constants).encode()
        self.tempsig = self._assign(root, operations, 1 + len(names) + len(constants)).encode()
        self.fullsig = root.typecode().encode() + self.signature + self.constsig + self.tempsig
        self.program = b"".join(_encoded(node) for node in operations)

    @staticmethod
    def _assign(root: ASTNode, operations: list[ASTNode], first: int) -> str:
        """Gives every operation a register; a temporary value whose last use is past makes room for the next."""
        users: dict[int, int] = {}
        for node in operations:
            for child in {id(child): child for child in node.children if child.astType == "op"}.values():
                users[id(child)] = users.get(id(child), 0) + 1
        free: dict[str, list[list[Any]]] = {}
        registers: dict[int, list[Any]] = {}
        made = []
        for node in operations:
            for child in {id(child): child for child in node.children if child.astType == "op"}.values():
                users[id(child)] -= 1
                if not users[id(child)]:
                    free.setdefault(child.typecode(), []).append(registers[id(child)])
            is_reduction = node is root and is_reduction_name(node.value)
            available = [] if is_reduction else free.get(node.typecode(), [])
            register = available.pop() if available else [node.typecode(), None]
            if not any(register is known for known in made):
                made.append(register)
            registers[id(node)] = register
        registers[id(root)][1] = 0
        temporaries = [register for register in made if register[1] is None]
        for index, register in enumerate(temporaries):
            register[1] = first + index
        for node in operations:
            node.reg = registers[id(node)][1]
        return "".join(register[0] for register in temporaries)


def is_reduction_name(name: bytes) -> bool:
    """Whether an operation is a reduction."""
    return name.split(b"_")[0] in (b"sum", b"prod", b"min", b"max")


def _constant(node: ASTNode) -> Any:
    dtype = DTYPES.get(node.astKind)
    if dtype is None:
        return node.value.encode("ascii") if isinstance(node.value, str) else node.value
    return bool(node.value) if node.astKind == "bool" else dtype.type(node.value)


def _encoded(node: ASTNode) -> bytes:
    """Four bytes: the operation, the register of the result, two operands; four more with a third operand."""
    operands = []
    for child in node.children:
        if child.astType == "raw":
            operands.append(255 if child.value is None else child.value)
        else:
            operands.append(child.reg)
    operands += [255] * (2 - len(operands))
    # Registers beyond a byte are not shown.
    code = [opcodes[node.value], node.reg, *operands[:2]]
    if len(operands) > 2:
        code += [0, operands[2], 255, 255]
    return bytes(min(byte, 255) for byte in code)


def disassemble(nex: Any) -> list[list[Any]]:
    """The operations of a compiled expression.

    Parameters
    ----------
    nex : NumExpr
        The expression.

    Returns
    -------
    list of list
        For each operation its name, the register of its result, and its operands: ``r0`` is the result, other ``r`` are
        inputs, ``c`` constants, ``t`` temporary values.

    Examples
    --------
    >>> import miniexpr.numexpr as ne
    >>> ne.disassemble(ne.NumExpr("x * x + 2", [("x", ne.necompiler.double)]))
    [[b'mul_ddd', b'r0', b'r1[x]', b'r1[x]'], [b'add_ddd', b'r0', b'r0', b'c2[2.0]']]
    """
    first_constant = 1 + len(nex.input_names)
    first_temporary = first_constant + len(nex.constants)

    def register(number: int) -> bytes | None:
        if number == 255:
            return None
        if number == 0:
            return b"r0"
        if number < first_constant:
            return f"r{number}[{nex.input_names[number - 1]}]".encode()
        if number < first_temporary:
            return f"c{number}[{nex.constants[number - first_constant]}]".encode()
        return f"t{number}".encode()

    listing: list[list[Any]] = []
    program = nex.program
    at = 0
    while at < len(program):
        code, store, first, second = program[at : at + 4]
        name = _NAMES[code].encode()
        if is_reduction_name(name):
            listing.append([name, register(store), register(first), None if second == 255 else second])
        else:
            listing.append([name, register(store), register(first), register(second)])
        at += 4
        if name.startswith(b"where"):
            listing[-1].append(register(program[at + 1]))
            listing.append([b"noop", None, None, None])
            at += 4
    return listing
