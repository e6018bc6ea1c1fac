//! Every instruction against recorded words of the GNU assembler. `MINIEXPR_UPDATE_GOLDEN=1` records them anew,
//! with `aarch64-linux-gnu-as` and `aarch64-linux-gnu-objcopy`.

use std::process::Command;

use crate::back::native::aarch64::encoder::{Encoder, Field};
use crate::back::native::aarch64::instructions::{self as isa, Lanes, three, two};
use crate::back::native::emit::{Assembler, Condition, Mem};
use crate::back::native::lane::{Op, Rounding};
use crate::dtype::Dtype;

const GOLDEN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/src/back/native/aarch64/tests/instructions.golden");

/// Texts for the assembler, each with the words that the encoder makes of it.
#[derive(Default)]
struct Cases(Vec<(String, Vec<u32>)>);

impl Cases {
    /// One instruction.
    fn word(&mut self, text: impl Into<String>, word: u32) {
        self.0.push((text.into(), vec![word]));
    }

    /// What some steps of the encoder make; instructions are separated by semicolons.
    fn code(&mut self, text: &str, make: impl FnOnce(&mut Encoder)) {
        let mut encoder = Encoder::default();
        make(&mut encoder);
        let bytes = encoder.finish().unwrap();
        let words = bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
        let count = text.split(';').count();
        self.0.push((text.into(), words.take(count).collect()));
    }
}

const ALL: [(&str, Lanes); 3] = [
    ("2s", Lanes { is_wide: false, is_whole: false }),
    ("4s", Lanes { is_wide: false, is_whole: true }),
    ("2d", Lanes::WIDE),
];

fn two_operands(cases: &mut Cases) {
    for (name, lanes) in ALL {
        let float = if lanes.is_wide { Dtype::Float64 } else { Dtype::Float32 };
        let integer = if lanes.is_wide { Dtype::Int64 } else { Dtype::Int32 };
        let mut case = |text: &str, word: u32| {
            cases.word(format!("{text} v17.{name}, v5.{name}, v30.{name}"), three(word, 17, 5, 30));
        };
        for (text, op) in [("fadd", Op::Add), ("fsub", Op::Sub), ("fmul", Op::Mul), ("fdiv", Op::Div)] {
            case(text, isa::binary(op, float, lanes));
        }
        for (text, op) in [("add", Op::Add), ("sub", Op::Sub)] {
            case(text, isa::binary(op, integer, lanes));
        }
        for (text, word) in [
            ("fcmeq", isa::FLOAT_EQUAL),
            ("fcmge", isa::FLOAT_GREATER_OR_EQUAL),
            ("fcmgt", isa::FLOAT_GREATER),
            ("facgt", isa::FLOAT_MODULUS_GREATER),
            ("fmla", isa::FLOAT_MULTIPLY_ADD),
        ] {
            case(text, lanes.float(word));
        }
        for (text, word) in [
            ("cmeq", isa::EQUAL),
            ("cmgt", isa::GREATER),
            ("cmge", isa::GREATER_OR_EQUAL),
            ("cmhi", isa::ABOVE),
            ("cmhs", isa::ABOVE_OR_EQUAL),
            ("cmtst", isa::TEST),
            ("sshl", isa::SHIFT_SIGNED),
            ("ushl", isa::SHIFT_UNSIGNED),
        ] {
            case(text, lanes.integer(word));
        }
        if !lanes.is_wide {
            case("mul", isa::binary(Op::Mul, integer, lanes));
            case("umin", lanes.integer(isa::MINIMUM_UNSIGNED));
        }
    }
    for (text, word) in [
        ("and", isa::binary(Op::And, Dtype::Bool, Lanes::WIDE)),
        ("bic", isa::WITHOUT),
        ("orr", isa::binary(Op::Or, Dtype::Bool, Lanes::WIDE)),
        ("eor", isa::binary(Op::Xor, Dtype::Bool, Lanes::WIDE)),
        ("bsl", isa::CHOOSE),
        ("bit", isa::INSERT_IF),
        ("bif", isa::INSERT_UNLESS),
    ] {
        cases.word(format!("{text} v17.16b, v5.16b, v30.16b"), three(word, 17, 5, 30));
    }
    cases.word("umlal v17.2d, v5.2s, v30.2s", three(isa::MULTIPLY_ADD_WIDE, 17, 5, 30));
}

fn one_operand(cases: &mut Cases) {
    for (name, lanes) in ALL {
        let mut case = |text: &str, word: u32| {
            cases.word(format!("{text} v17.{name}, v5.{name}"), two(word, 17, 5));
        };
        for (text, op) in [
            ("abs", Op::Abs),
            ("fsqrt", Op::Sqrt),
            ("frintn", Op::Round(Rounding::NearestEven)),
            ("frintm", Op::Round(Rounding::Down)),
            ("frintp", Op::Round(Rounding::Up)),
            ("frintz", Op::Round(Rounding::Zero)),
        ] {
            case(text, isa::unary(op, lanes));
        }
        case("neg", lanes.integer(isa::NEGATE));
        case("fcvtzs", lanes.float(isa::FLOAT_TO_INTEGER));
        case("scvtf", lanes.float(isa::FLOAT_FROM_SIGNED));
        case("ucvtf", lanes.float(isa::FLOAT_FROM_UNSIGNED));
        for by in [1, 16, 31] {
            let mut shift = |text: &str, word: u32| {
                cases.word(format!("{text} v17.{name}, v5.{name}, #{by}"), two(word, 17, 5));
            };
            shift("shl", lanes.shift_left(isa::SHIFT_LEFT_BY, by));
            shift("sshr", lanes.shift_right(isa::SHIFT_RIGHT_SIGNED_BY, by));
            shift("ushr", lanes.shift_right(isa::SHIFT_RIGHT_UNSIGNED_BY, by));
        }
        let general = if lanes.is_wide { "x5" } else { "w5" };
        cases.word(format!("dup v17.{name}, {general}"), two(isa::repeat_general(lanes), 17, 5));
        let lane = &name[1..];
        cases.word(format!("dup v17.{name}, v5.{lane}[0]"), two(isa::repeat_lane(lanes), 17, 5));
        cases.word(format!("ld1r {{v17.{name}}}, [x5]"), two(isa::repeat(lanes), 17, 5));
    }
    for (text, word) in [
        ("mvn v17.16b, v5.16b", isa::NOT),
        ("rev64 v17.4s, v5.4s", isa::SWAP),
        ("uaddlp v17.2d, v5.4s", isa::SUM_PAIRS),
        ("addp d17, v5.2d", isa::SUM_OF_LANES),
        ("ushr v17.8b, v5.8b, #7", isa::HIGH_BITS_OF_BYTES),
        ("sxtl v17.8h, v5.8b", isa::extend(1, true)),
        ("sxtl v17.4s, v5.4h", isa::extend(2, true)),
        ("sxtl v17.2d, v5.2s", isa::extend(4, true)),
        ("uxtl v17.8h, v5.8b", isa::extend(1, false)),
        ("uxtl v17.4s, v5.4h", isa::extend(2, false)),
        ("uxtl v17.2d, v5.2s", isa::extend(4, false)),
        ("xtn v17.8b, v5.8h", isa::narrow(1)),
        ("xtn v17.4h, v5.4s", isa::narrow(2)),
        ("xtn v17.2s, v5.2d", isa::narrow(4)),
        ("uqxtn v17.2s, v5.2d", isa::NARROW_SATURATING),
        ("fcvtn v17.2s, v5.2d", isa::FLOAT_NARROW),
        ("fcvtl v17.2d, v5.2s", isa::FLOAT_WIDEN),
        ("scvtf s17, x5", isa::scalar_from_integer(false, true)),
        ("scvtf d17, x5", isa::scalar_from_integer(true, true)),
        ("ucvtf s17, x5", isa::scalar_from_integer(false, false)),
        ("ucvtf d17, x5", isa::scalar_from_integer(true, false)),
        ("fmov x17, d5", isa::LOW_TO_GENERAL),
        ("mov x17, v5.d[1]", isa::HIGH_TO_GENERAL),
        ("mov v17.s[1], v5.s[0]", isa::INSERT_SECOND),
    ] {
        cases.word(text, two(word, 17, 5));
    }
    cases.word("movi v17.2d, #0", isa::ZERO | 17);
    cases.word("movi v17.2d, #0xffffffffffffffff", isa::ONES | 17);
    cases.word("movi v17.4s, #32", isa::small(32) | 17);
    cases.word("movi v17.4s, #64", isa::small(64) | 17);
    cases.word("movi v17.4s, #255", isa::small(255) | 17);
}

fn memory(cases: &mut Cases) {
    for (scale, name) in ["b", "h", "s", "d", "q"].into_iter().enumerate() {
        let scale = scale as u32;
        let offset = 4095 << scale;
        let at = Mem::Base(5, offset);
        cases.code(&format!("ldr {name}17, [x5, #{offset}]"), |e| e.access(isa::load(scale), scale, 17, at));
        cases.code(&format!("str {name}17, [x5, #{offset}]"), |e| e.access(isa::store(scale), scale, 17, at));
    }
    cases.code("ldr x17, [x5, #32760]", |e| e.load(17, Mem::Base(5, 32760)));
    cases.code("str x17, [x5]", |e| e.store(Mem::Base(5, 0), 17));
    cases.code("add x16, x5, #4; ldr x17, [x16]", |e| e.load(17, Mem::Base(5, 4)));
    cases.code("sub x16, x5, #8; ldr x17, [x16]", |e| e.load(17, Mem::Base(5, -8)));
    cases.code("mov x17, #65536; add x16, x5, x17; ldr q3, [x16]", |e| {
        e.access(isa::load(4), 4, 3, Mem::Base(5, 65536));
    });
    cases.code("add x16, x5, x9, lsl #3; ldr q3, [x16, #48]", |e| {
        e.access(isa::load(4), 4, 3, Mem::Indexed(5, 9, 3, 48));
    });
    cases.code("add x3, x5, x9, lsl #2; add x3, x3, #40", |e| e.address(3, Mem::Indexed(5, 9, 2, 40)));
    cases.code("add x3, x5, #4095", |e| e.address(3, Mem::Base(5, 4095)));
    cases.code("mov x17, #0x2345; movk x17, #1, lsl #16; add x3, x5, x17", |e| {
        e.address(3, Mem::Base(5, 0x12345));
    });
    cases.code("add x16, x5, #24; ld1r {v3.4s}, [x16]", |e| {
        let base = e.plain_address(Mem::Base(5, 24));
        e.word(two(isa::repeat(Lanes { is_wide: false, is_whole: true }), 3, base));
    });
    cases.code("ldr q17, . + 16", |e| e.word_to_constant(isa::LOAD_CONSTANT | 17, [1, 2]));
}

fn general(cases: &mut Cases) {
    cases.code("mov x17, x5", |e| e.copy(17, 5));
    cases.code("add x21, x21, #1", |e| e.add_long(21, 1));
    cases.code("movz x17, #1, lsl #32; add x21, x21, x17", |e| e.add_long(21, 1 << 32));
    cases.code("cmp x21, #200", |e| e.compare_long(21, 200));
    cases.code("mov x17, #-1; cmp x21, x17", |e| e.compare_long(21, -1));
    cases.code("sub x17, x17, x5", |e| e.subtract(17, 5));
    cases.code("add x21, x21, #16", |e| e.add_immediate(21, 16));
    cases.code("mov x17, #-5000; add x21, x21, x17", |e| e.add_immediate(21, -5000));
    cases.code("cmp x17, x5", |e| e.compare(17, 5));
    for (name, is_zero) in [("cbz", true), ("cbnz", false)] {
        cases.code(&format!("nop; {name} x17, . - 4"), |e| {
            let label = e.new_label();
            e.bind(label);
            e.word(0xd503_201f);
            e.jump_if_zero(17, is_zero, label);
        });
    }
    cases.code("cmp x5, x3; csel x3, x5, x3, lo", |e| e.minimum(3, 5));
    cases.code("ldr x16, [x5, #48]; blr x16", |e| e.call(Mem::Base(5, 48)));
    for (text, value) in [
        ("mov x3, #0", 0),
        ("mov x3, #-1", -1),
        ("mov x3, #65535", 65535),
        ("mov x3, #-65536", -65536),
        ("movz x3, #0x1234, lsl #48", 0x1234 << 48),
        (
            "movz x3, #0xdef0; movk x3, #0x9abc, lsl #16; movk x3, #0x5678, lsl #32; movk x3, #0x1234, lsl #48",
            0x1234_5678_9abc_def0,
        ),
        ("movn x3, #0xff; movk x3, #0x1234, lsl #32", -1 << 48 | 0x1234_ffff_ff00),
        ("mov x3, #0x8000000000000000", i64::MIN),
    ] {
        cases.code(text, |e| e.immediate(3, value));
    }
    for (name, condition) in [("eq", Condition::Equal), ("lo", Condition::Below), ("lt", Condition::Less)] {
        cases.code(&format!("nop; b.{name} . - 4"), |e| {
            let label = e.new_label();
            e.bind(label);
            e.word(0xd503_201f);
            e.jump_if(condition, label);
        });
    }
    cases.code("b . + 8; nop", |e| {
        let label = e.label();
        e.jump(label);
        e.word(0xd503_201f);
        e.bind(label);
    });
    cases.code("b.eq . + 8; nop", |e| {
        let label = e.label();
        e.word_to_label(0x5400_0000, Field::Bits19, label);
        e.word(0xd503_201f);
        e.bind(label);
    });
    cases.code(
        "stp x29, x30, [sp, #-160]!; mov x29, sp; stp x19, x20, [sp, #16]; stp x21, x22, [sp, #32]; \
         stp x23, x24, [sp, #48]; stp x25, x26, [sp, #64]; stp x27, x28, [sp, #80]; \
         stp d8, d9, [sp, #96]; stp d10, d11, [sp, #112]; stp d12, d13, [sp, #128]; \
         stp d14, d15, [sp, #144]; mov x19, x0",
        |e| e.enter(),
    );
    cases.code(
        "ldp x19, x20, [sp, #16]; ldp x21, x22, [sp, #32]; ldp x23, x24, [sp, #48]; ldp x25, x26, [sp, #64]; \
         ldp x27, x28, [sp, #80]; ldp d8, d9, [sp, #96]; ldp d10, d11, [sp, #112]; ldp d12, d13, [sp, #128]; \
         ldp d14, d15, [sp, #144]; \
         ldp x29, x30, [sp], #160; ret",
        |e| e.leave(),
    );
}

#[test]
fn words_are_those_of_the_assembler() {
    let mut cases = Cases::default();
    two_operands(&mut cases);
    one_operand(&mut cases);
    memory(&mut cases);
    general(&mut cases);
    if std::env::var_os("MINIEXPR_UPDATE_GOLDEN").is_some() {
        record(&cases);
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    let mut golden = golden.lines();
    for (text, words) in &cases.0 {
        let mut line = format!("{text}:");
        words.iter().for_each(|word| line.push_str(&format!(" {word:08x}")));
        assert_eq!(golden.next(), Some(line.as_str()));
    }
    assert_eq!(golden.next(), None);
}

/// Writes what the assembler makes of the texts.
fn record(cases: &Cases) {
    let folder = std::env::temp_dir().join(format!("miniexpr-golden-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let [source, object, binary] = ["all.s", "all.o", "all.bin"].map(|name| folder.join(name));
    let texts: Vec<&str> = cases.0.iter().map(|(text, _)| text.as_str()).collect();
    std::fs::write(&source, texts.join("\n") + "\n").unwrap();
    let run = |program: &str, arguments: &[&std::ffi::OsStr]| {
        assert!(Command::new(program).args(arguments).status().unwrap().success(), "{program}");
    };
    run("aarch64-linux-gnu-as", &[source.as_ref(), "-o".as_ref(), object.as_ref()]);
    run(
        "aarch64-linux-gnu-objcopy",
        &[
            "-O".as_ref(),
            "binary".as_ref(),
            "-j".as_ref(),
            ".text".as_ref(),
            object.as_ref(),
            binary.as_ref(),
        ],
    );
    let bytes = std::fs::read(&binary).unwrap();
    let mut words = bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    let mut golden = String::new();
    for text in texts {
        golden.push_str(text);
        golden.push(':');
        for word in words.by_ref().take(text.split(';').count()) {
            golden.push_str(&format!(" {word:08x}"));
        }
        golden.push('\n');
    }
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(GOLDEN, golden).unwrap();
}
