/* wrapper.cpp: what miniexpr.hpp promises. Without exceptions, what the functions that begin with try_
 * promise. */

#include "miniexpr.hpp"

#include <array>
#include <cmath>
#include <complex>
#include <list>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../check.h"

namespace me = miniexpr;

static_assert(me::dtype_of<bool> == ME_BOOL && me::dtype_of<std::int8_t> == ME_INT8);
static_assert(me::dtype_of<std::int16_t> == ME_INT16 && me::dtype_of<std::uint32_t> == ME_UINT32);
static_assert(me::dtype_of<long long> == ME_INT64 && me::dtype_of<unsigned long long> == ME_UINT64);
static_assert(me::dtype_of<const float> == ME_FLOAT32 && me::dtype_of<double> == ME_FLOAT64);
static_assert(me::dtype_of<std::complex<float>> == ME_COMPLEX64 &&
              me::dtype_of<std::complex<double>> == ME_COMPLEX128);
static_assert(me::dtype_of<std::string> == ME_AUTO && me::dtype_of<wchar_t> == ME_AUTO);

/* The number and the types of arguments are those of the variables. */
using hypot_type = me::function<double, double, float>;
static_assert(std::is_invocable_v<decltype(&hypot_type::untyped), const hypot_type &>);
static_assert(std::is_constructible_v<me::view<const double>, const std::vector<double> &>);
static_assert(std::is_constructible_v<me::view<double>, std::array<double, 3> &>);
static_assert(!std::is_constructible_v<me::view<double>, const std::vector<double> &>);
static_assert(!std::is_constructible_v<me::view<const double>, const std::vector<float> &>);
static_assert(!std::is_constructible_v<me::view<const double>, const std::list<double> &>);
static_assert(!std::is_copy_constructible_v<me::expression> &&
              std::is_nothrow_move_constructible_v<me::expression>);

template <class T> static bool equals(const me::array<T> &values, const std::vector<T> &expected) {
    return std::equal(values.begin(), values.end(), expected.begin(), expected.end());
}

static void results_hold_values_or_errors() {
    auto compiled = me::try_compile<double>("sqrt(x*x + y*y)", me::var<double>("x"), me::var<float>("y"));
    CHECK(compiled && compiled.has_value());
    const std::vector<double> x{3, 5};
    const std::array<float, 2> y{4, 12};
    auto values = compiled->try_call(x, y);
    CHECK(values && equals(*values, {5, 13}));
    auto wrong = compiled->try_call(x, std::vector<float>{1, 2, 3});
    CHECK(!wrong && wrong.error().status() == ME_EVAL_ERR_INVALID_ARG);
    CHECK(wrong.error().message() == "'x' of shape (2,) and 'y' of shape (3,) cannot be broadcast together");
    std::array<double, 2> out{};
    CHECK(!compiled->try_call_into({}, out, x, y) && out[1] == 13);
    std::array<double, 3> long_out{};
    CHECK(compiled->try_call_into({}, long_out, x, y).has_value());

    auto refused = me::try_compile<double>("2 * (x + foo)", me::var<double>("x"));
    CHECK(!refused && refused.error().status() == ME_COMPILE_ERR_PARSE);
    CHECK(refused.error().has_place() && refused.error().start() == 9 && refused.error().end() == 12);
    CHECK(refused.error().line() == 1 && refused.error().column() == 10);
    const std::string what = refused.error().what();
    CHECK(what.find("\n  | 2 * (x + foo)\n  |          ^^^") != std::string::npos);
    CHECK(what.find(refused.error().message()) == 0);
}

static void errors_show_the_line_of_a_kernel() {
    const char *text = "def f(x):\n    return 'é' + foo\n";
    auto refused = me::try_compile<double>(text, me::var<double>("x"));
    CHECK(!refused && refused.error().line() == 2);
    const std::string what = refused.error().what();
    CHECK(what.find("\n  |     return 'é' + foo\n  |                  ^^^") != std::string::npos);
}

static void shapes_broadcast() {
    auto product = *me::try_compile<int>("a * b", me::var<int>("a"), me::var<int>("b"));
    const std::vector<int> column{1, 2, 3}, row{10, 20};
    auto table = product.try_call(me::view(column.data(), {3, 1}), row);
    CHECK(table && table->shape() == me::extents({3, 2}) && equals(*table, {10, 20, 20, 40, 30, 60}));
    // The transpose, by strides; and a number beside an array.
    auto turned = product.try_call(me::view<const int>(table->data(), {2, 3}, {1, 2}), 2);
    CHECK(turned && turned->shape() == me::extents({2, 3}) && equals(*turned, {20, 40, 60, 40, 80, 120}));
    // What is returned is an argument with its shape.
    auto twice = product.try_call(*table, *table);
    CHECK(twice && twice->shape() == me::extents({3, 2}) && (*twice)[5] == 3600);
    me::view<int> rows = *table;
    auto thrice = product.try_call(rows, me::view<const int>(rows));
    CHECK(thrice && thrice->shape() == me::extents({3, 2}));
    const me::extents many{1, 1, 1, 1, 3, 1};
    auto deep = product.try_call(me::view<const int>(column.data(), many), row);
    CHECK(deep && deep->shape() == me::extents({1, 1, 1, 1, 3, 2}));
    auto empty = product.try_call(std::vector<int>{}, 5);
    CHECK(empty && empty->empty());
    auto short_strides = product.try_call(me::view<const int>(column.data(), {3, 1}, {1}), row);
    CHECK(!short_strides &&
          short_strides.error().message() == "'a' has another number of strides than of extents");
}

static void reductions_have_one_value() {
    auto total = *me::try_compile<std::int64_t>("sum(b)", me::var<bool>("b"));
    CHECK(total.untyped().is_scalar());
    const bool truths[] = {true, false, true};
    auto count = total.try_call(truths);
    CHECK(count && count->size() == 1 && (*count)[0] == 2 && count->shape().empty());
    auto roots = *me::try_compile<std::complex<double>>("sqrt(z)", me::var<std::complex<double>>("z"));
    const std::vector<std::complex<double>> z{{-1, 0}};
    CHECK((*roots.try_call(z))[0] == std::complex<double>(0, 1));
}

static void dtypes_may_be_known_at_run_time() {
    auto compiled =
        me::expression::try_compile("a + 2 * b", {{"a", ME_FLOAT32}, {"unused", ME_INT8}, {"b", ME_INT16}});
    CHECK(compiled.has_value());
    CHECK(compiled->dtype() == ME_FLOAT32 && compiled->itemsize() == 4);
    CHECK(compiled->used_variables() == std::vector<std::string>({"a", "b"}));
    const float a[] = {1, 2};
    const std::int16_t b[] = {10, 20};
    float out[2];
    const std::vector<me::any_view> inputs{me::view(a), me::view<const std::int8_t>(nullptr, 0), me::view(b)};
    auto shape = compiled->try_result_shape(inputs);
    CHECK(shape && *shape == me::extents({2}));
    CHECK(!compiled->try_evaluate(inputs, me::view(out)));
    CHECK(out[0] == 21 && out[1] == 42);
    auto few = compiled->try_evaluate({me::view(a)}, me::view(out));
    CHECK(few && few->message() == "1 inputs for 3 variables" && few->status() == ME_EVAL_ERR_VAR_MISMATCH);
    auto other = compiled->try_evaluate({me::view(b), inputs[1], me::view(b)}, me::view(out));
    CHECK(other && other->message() == "'a' is float32, not int16");
    CHECK(compiled->dump().find("param a: float32") != std::string::npos);
    CHECK(std::string(me::name_of(ME_UINT16)) == "uint16" && std::string(me::name_of(ME_BYTES)) == "bytes");

    // Strings, which have an itemsize.
    auto starts = *me::expression::try_compile("startswith(s, 'ab')", {{"s", ME_BYTES, 3}});
    bool found[2];
    CHECK(!starts.try_evaluate({me::any_view("abcxyz", ME_BYTES, {2}, 3)}, me::view(found)));
    CHECK(found[0] && !found[1]);
}

static void budgets_and_cancelling() {
    const char *slow =
        "def f(x):\n    y = x\n    for i in range(1000000000000):\n        y = y + 1.0\n    return y\n";
    // Engines are tested elsewhere: here it counts that the budget arrives.
    me_compile_params interpreted = me::compile_options();
    interpreted.jit_mode = ME_JIT_OFF;
    auto kernel = *me::try_compile<double>(interpreted, {}, slow, me::var<double>("x"));
    const double x[] = {1};
    me::options timeout;
    timeout.timeout = std::chrono::milliseconds(20);
    auto late = kernel.try_call(timeout, x);
    CHECK(!late && late.error().status() == ME_EVAL_ERR_TIMEOUT);
    me::options passes;
    passes.max_passes = 1000;
    auto many = kernel.try_call(passes, x);
    CHECK(!many && many.error().status() == ME_EVAL_ERR_PASSES);
    me::cancel_flag flag;
    flag.cancel();
    me::options cancelled;
    cancelled.cancel = &flag;
    auto stopped = kernel.try_call(cancelled, x);
    CHECK(!stopped && stopped.error().status() == ME_EVAL_ERR_CANCELLED);
    auto refused = me::try_compile<double>(me::sandbox_options(), {}, slow, me::var<double>("x"));
    CHECK(!refused && refused.error().status() == ME_COMPILE_ERR_REFUSED);
}

static void functions_are_callables() {
    double limit = 4;
    auto clip = me::fn("clip", [&limit](double x) { return std::fmin(x, limit); });
    auto add = me::fn("add", [](double a, double b) { return a + b; });
    auto zero = me::pure_fn("zero", [] { return 0; });
    auto compiled =
        me::try_compile<double>(me::compile_options(), {clip, add, zero}, "add(clip(x), y) + zero()",
                                me::var<double>("x"), me::var<int>("y"));
    CHECK(compiled.has_value());
    auto values = compiled->try_call(std::vector<double>{1, 9}, std::vector<int>{10, 20});
    CHECK(values && equals(*values, {11, 24}));
    limit = 2;
    CHECK((*compiled->try_call(9.0, 0))[0] == 2);
    // Expressions move, and own what they call.
    auto moved = std::move(*compiled);
    CHECK((*moved.try_call(1.0, 1))[0] == 2);
}

static void progress_is_told() {
    auto compiled = *me::try_compile<double>("sin(x)", me::var<double>("x"));
    const std::vector<double> x(1000000, 0.5);
    std::int64_t last = 0, whole = 0;
    me::options options;
    options.threads = -1;
    options.precise = true;
    options.progress = [&](std::int64_t done, std::int64_t all) { last = done, whole = all; };
    auto values = compiled.try_call(options, x);
    CHECK(values && last == 1000000 && whole == last && std::fabs((*values)[7] - std::sin(0.5)) < 1e-15);
}

#if MINIEXPR_HAS_EXCEPTIONS
template <class E, class F> static bool throws(F function, const char *message) {
    try {
        function();
    } catch (const E &error) {
        return std::string(error.what()) == message;
    }
    return false;
}

static void failures_are_exceptions() {
    auto hypot = me::compile<double>("sqrt(x*x + y*y)", me::var<double>("x"), me::var<double>("y"));
    const std::vector<double> x{3, 5}, y{4, 12}, three{1, 2, 3};
    CHECK(equals(hypot(x, y), {5, 13}));
    std::vector<double> out(2);
    hypot.call_into(out, x, y);
    CHECK(out[0] == 5);
    CHECK(hypot.value(3, 4) == 5);
    CHECK(throws<me::error>([&] { hypot(x, three); },
                            "'x' of shape (2,) and 'y' of shape (3,) cannot be broadcast together"));
    CHECK(throws<me::error>([&] { hypot.value(x, y); }, "the result has 2 items, not one"));
    try {
        me::compile("a + b", {{"a", ME_FLOAT64}});
        CHECK(false);
    } catch (const std::runtime_error &error) {
        CHECK(std::string(error.what()).find("  | a + b\n  |     ^") != std::string::npos);
    }
    auto dynamic = me::compile("-a", {{"a", ME_INT32}});
    const int a[] = {7};
    int negative[1];
    dynamic.evaluate({me::view(a)}, me::view(negative));
    CHECK(negative[0] == -7 && dynamic.result_shape({me::view(a)}) == me::extents({1}));
}

static void exceptions_of_functions_reach_the_caller() {
    auto positive = me::fn("positive", [](double x) {
        if (x < 0) {
            throw std::domain_error("negative: " + std::to_string(static_cast<int>(x)));
        }
        return x;
    });
    auto compiled =
        me::compile<double>(me::compile_options(), {positive}, "2 * positive(x)", me::var<double>("x"));
    std::vector<double> x(100000, 1.0);
    CHECK(compiled(x)[99999] == 2);
    x[54321] = -7;
    for (int threads : {1, 2, 4}) {
        me::options options;
        options.threads = threads;
        CHECK(throws<std::domain_error>([&] { compiled.call(options, x); }, "negative: -7"));
    }
    // The expression is as before, and try_ carries exceptions of the program, too.
    x[54321] = 1;
    CHECK(compiled(x)[54321] == 2);
    CHECK(throws<std::domain_error>([&] { (void)compiled.try_call(-1.0); }, "negative: -1"));

    // What is no std::exception, and what a compile call calls.
    auto odd = me::compile<double>(me::compile_options(), {me::fn("odd", [](double) -> double { throw 42; })},
                                   "odd(x)", me::var<double>("x"));
    int caught = 0;
    try {
        odd(1.0);
    } catch (int number) {
        caught = number;
    }
    CHECK(caught == 42);
    auto never = me::pure_fn("never", [](double) -> double { throw std::logic_error("at compile time"); });
    CHECK(throws<std::logic_error>(
        [&] { me::compile<double>(me::compile_options(), {never}, "never(1) + x", me::var<double>("x")); },
        "at compile time"));
}

#ifndef __EMSCRIPTEN__
static void threads_have_their_own_exceptions() {
    auto fail = me::fn(
        "fail", [](double x) -> double { throw std::runtime_error(std::to_string(static_cast<int>(x))); });
    auto compiled = me::compile<double>(me::compile_options(), {fail}, "fail(x)", me::var<double>("x"));
    std::array<int, 8> right{};
    std::vector<std::thread> threads;
    for (int number = 0; number < 8; number++) {
        threads.emplace_back([&, number] {
            for (int round = 0; round < 50; round++) {
                const std::string expected = std::to_string(number);
                right[static_cast<std::size_t>(number)] += throws<std::runtime_error>(
                    [&] { compiled(static_cast<double>(number)); }, expected.c_str());
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (int count : right) {
        CHECK(count == 50);
    }
}
#endif

static void progress_may_throw() {
    auto compiled = me::compile<double>("sin(x)", me::var<double>("x"));
    const std::vector<double> x(1000000, 0.5);
    me::options options;
    options.progress = [](std::int64_t, std::int64_t) { throw std::runtime_error("enough"); };
    CHECK(throws<std::runtime_error>([&] { compiled.call(options, x); }, "enough"));
    me::cancel_flag flag;
    options.cancel = &flag;
    CHECK(throws<std::runtime_error>([&] { compiled.call(options, x); }, "enough"));
}
#endif

int main() {
    RUN(results_hold_values_or_errors);
    RUN(errors_show_the_line_of_a_kernel);
    RUN(shapes_broadcast);
    RUN(reductions_have_one_value);
    RUN(dtypes_may_be_known_at_run_time);
    RUN(budgets_and_cancelling);
    RUN(functions_are_callables);
    RUN(progress_is_told);
#if MINIEXPR_HAS_EXCEPTIONS
    RUN(failures_are_exceptions);
    RUN(exceptions_of_functions_reach_the_caller);
#ifndef __EMSCRIPTEN__
    RUN(threads_have_their_own_exceptions);
#endif
    RUN(progress_may_throw);
#endif
    return RESULT();
}
