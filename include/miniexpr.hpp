/*
 * miniexpr for C++17 and newer: one header over miniexpr.h.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 *
 *     std::vector<double> x{3, 5}, y{4, 12};
 *     auto hypot = miniexpr::compile<double>("sqrt(x*x + y*y)", miniexpr::var<double>("x"),
 * miniexpr::var<double>("y")); miniexpr::array<double> lengths = hypot(x, y); // 5 13
 *
 * An expression is compiled once and called any number of times, from any number of threads. The arguments of
 * a call are views: vectors, arrays, spans, or shaped and strided memory, which are broadcast as in NumPy.
 * The number of arguments and the types of their items are checked by the C++ compiler, shapes by the
 * library.
 *
 * What fails throws miniexpr::error, whose what() shows the place in the text. Functions that begin with try_
 * return a miniexpr::result instead, and are all there is where exceptions are disabled. A function of the
 * program may throw: the evaluation ends on all its threads, and the exception reaches the caller.
 */

#ifndef MINIEXPR_HPP
#define MINIEXPR_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "miniexpr.h"

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define MINIEXPR_HAS_EXCEPTIONS 1
#else
#define MINIEXPR_HAS_EXCEPTIONS 0
#endif

namespace miniexpr {

/* ---- items ------------------------------------------------------------------------------ */

namespace detail {

template <class T> constexpr me_dtype find_dtype() {
    if constexpr (std::is_same_v<T, bool>) {
        return ME_BOOL;
    } else if constexpr (std::is_same_v<T, float>) {
        return ME_FLOAT32;
    } else if constexpr (std::is_same_v<T, double>) {
        return ME_FLOAT64;
    } else if constexpr (std::is_same_v<T, std::complex<float>>) {
        return ME_COMPLEX64;
    } else if constexpr (std::is_same_v<T, std::complex<double>>) {
        return ME_COMPLEX128;
    } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, wchar_t> &&
                         !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>) {
        constexpr me_dtype signed_dtypes[] = {ME_INT8, ME_INT16, ME_INT32, ME_INT64};
        constexpr me_dtype unsigned_dtypes[] = {ME_UINT8, ME_UINT16, ME_UINT32, ME_UINT64};
        constexpr int width = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
        return std::is_signed_v<T> ? signed_dtypes[width] : unsigned_dtypes[width];
    } else {
        return ME_AUTO;
    }
}

} // namespace detail

/** The dtype of a C++ type: bool, integers of 1 to 8 bytes, float, double, and std::complex of either. */
template <class T> inline constexpr me_dtype dtype_of = detail::find_dtype<std::remove_cv_t<T>>();

/** The name of a dtype, as NumPy has it. */
inline const char *name_of(me_dtype dtype) noexcept {
    constexpr const char *names[] = {"auto",      "bool",       "int8",   "int16",  "int32",   "int64",
                                     "uint8",     "uint16",     "uint32", "uint64", "float32", "float64",
                                     "complex64", "complex128", "string", "bytes"};
    const auto code = static_cast<std::size_t>(dtype);
    return code < std::size(names) ? names[code] : "unknown";
}

/* ---- errors ----------------------------------------------------------------------------- */

/** Why a text was refused, or an evaluation failed. */
class error : public std::runtime_error {
  public:
    /** An error of this header, with a status of the library. */
    error(int status, const std::string &message)
        : std::runtime_error(message), status_(status), message_(message) {
    }

    /** The calling thread's last error; `text` is what was compiled. */
    static error last(int status, std::string_view text = {}) {
        me_error failure{};
        failure.struct_size = sizeof failure;
        if (!me_get_last_error(&failure)) {
            return error(status, "the library gave the status " + std::to_string(status));
        }
        return error(status, failure, text);
    }

    /** A me_compile_status or a me_eval_status. */
    int status() const noexcept {
        return status_;
    }
    /** What a function of the program gave to me_fail; else 0. */
    int code() const noexcept {
        return code_;
    }
    /** What went wrong, without the line of the text that what() has. */
    const std::string &message() const noexcept {
        return message_;
    }
    /** What to write instead; empty if nothing is known. */
    const std::string &hint() const noexcept {
        return hint_;
    }
    /** Whether there is a place in the text that is to blame. */
    bool has_place() const noexcept {
        return start_ >= 0;
    }
    /** The bytes of the text that are to blame: from start() on, counted from 0, up to, not including, end().
     */
    std::int64_t start() const noexcept {
        return start_;
    }
    std::int64_t end() const noexcept {
        return end_;
    }
    /** Where that is, counted from 1; 0 without a place. */
    int line() const noexcept {
        return line_;
    }
    int column() const noexcept {
        return column_;
    }

  private:
    error(int status, const me_error &failure, std::string_view text)
        : std::runtime_error(describe(failure, text)), status_(status), code_(failure.code),
          start_(failure.start), end_(failure.end), line_(failure.line), column_(failure.column),
          message_(failure.message), hint_(failure.hint ? failure.hint : "") {
    }

    /** The message, the line that is to blame, carets under the place, and the hint. */
    static std::string describe(const me_error &failure, std::string_view text) {
        std::string shown = failure.message;
        const auto start = static_cast<std::size_t>(failure.start);
        if (failure.start >= 0 && start <= text.size() && !text.empty()) {
            const std::size_t before = text.substr(0, start).rfind('\n');
            const std::size_t first = before == std::string_view::npos ? 0 : before + 1;
            const std::size_t line_end = std::min(text.find('\n', start), text.size());
            const std::size_t end =
                std::min(std::max(static_cast<std::size_t>(failure.end), start), line_end);
            shown.append("\n  | ").append(text.substr(first, line_end - first)).append("\n  | ");
            for (std::size_t at = first; at < start; at++) {
                if (is_character(text[at])) {
                    shown += text[at] == '\t' ? '\t' : ' ';
                }
            }
            std::size_t carets = 0;
            for (std::size_t at = start; at < end; at++) {
                carets += is_character(text[at]);
            }
            shown.append(std::max<std::size_t>(carets, 1), '^');
        }
        if (failure.hint) {
            shown.append("\n  = ").append(failure.hint);
        }
        return shown;
    }

    /** Whether a byte of UTF-8 begins a character. */
    static bool is_character(char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
    }

    int status_;
    int code_ = 0;
    std::int64_t start_ = -1, end_ = -1;
    int line_ = 0, column_ = 0;
    std::string message_, hint_;
};

/** A value or an error, as std::expected has them. */
template <class T> class result {
  public:
    result(T value) : content_(std::in_place_index<0>, std::move(value)) {
    }
    result(miniexpr::error failure) : content_(std::in_place_index<1>, std::move(failure)) {
    }

    bool has_value() const noexcept {
        return content_.index() == 0;
    }
    explicit operator bool() const noexcept {
        return has_value();
    }

    /** The value, of which there must be one. */
    T &operator*() &noexcept {
        return *std::get_if<0>(&content_);
    }
    const T &operator*() const &noexcept {
        return *std::get_if<0>(&content_);
    }
    T &&operator*() &&noexcept {
        return std::move(*std::get_if<0>(&content_));
    }
    T *operator->() noexcept {
        return std::get_if<0>(&content_);
    }
    const T *operator->() const noexcept {
        return std::get_if<0>(&content_);
    }
    /** The error, of which there must be one. */
    const miniexpr::error &error() const noexcept {
        return *std::get_if<1>(&content_);
    }

#if MINIEXPR_HAS_EXCEPTIONS
    /** The value; throws the error if there is none. */
    T &value() & {
        check();
        return **this;
    }
    T &&value() && {
        check();
        return *std::move(*this);
    }

  private:
    void check() const {
        if (!has_value()) {
            throw error();
        }
    }
#endif

  private:
    std::variant<T, miniexpr::error> content_;
};

/* ---- views and arrays ------------------------------------------------------------------- */

/** Numbers for dimensions, the outermost first; up to four need no allocation. */
class extents {
  public:
    extents() = default;
    extents(std::initializer_list<std::int64_t> values) : extents(values.begin(), values.size()) {
    }
    extents(const std::int64_t *values, std::size_t count) : count_(count) {
        if (count_ > few_.size()) {
            many_.assign(values, values + count_);
        } else {
            std::copy(values, values + count_, few_.begin());
        }
    }

    std::size_t size() const noexcept {
        return count_;
    }
    bool empty() const noexcept {
        return count_ == 0;
    }
    const std::int64_t *data() const noexcept {
        return count_ > few_.size() ? many_.data() : few_.data();
    }
    const std::int64_t *begin() const noexcept {
        return data();
    }
    const std::int64_t *end() const noexcept {
        return data() + count_;
    }
    std::int64_t operator[](std::size_t dimension) const noexcept {
        return data()[dimension];
    }

    friend bool operator==(const extents &a, const extents &b) noexcept {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }
    friend bool operator!=(const extents &a, const extents &b) noexcept {
        return !(a == b);
    }

  private:
    std::size_t count_ = 0;
    std::array<std::int64_t, 4> few_{};
    std::vector<std::int64_t> many_;
};

template <class T> class view;
template <class T> class array;

namespace detail {

/** How many items a shape has. The largest number if there are more. */
inline std::size_t count_of(const extents &shape) noexcept {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    std::size_t count = 1;
    bool is_empty = false;
    for (std::int64_t extent : shape) {
        is_empty = is_empty || extent <= 0;
        const auto factor = static_cast<std::size_t>(extent > 0 ? extent : 1);
        count = count > most / factor ? most : count * factor;
    }
    return is_empty ? 0 : count;
}

/** T, which is not deduced. */
template <class T> struct identity { using type = T; };
template <class T> using same = typename identity<T>::type;

/** Whether a type has a shape of its own, which a view of its items alone would lose. */
template <class C> struct has_shape : std::false_type {};
template <class T> struct has_shape<view<T>> : std::true_type {};
template <class T> struct has_shape<array<T>> : std::true_type {};

/** Whether C has contiguous items of T, in one dimension. */
template <class C, class T, class = void> struct holds : std::false_type {};
template <class C, class T>
struct holds<C, T,
             std::void_t<decltype(std::data(std::declval<C &>())), decltype(std::size(std::declval<C &>()))>>
    : std::bool_constant<
          !has_shape<std::remove_cv_t<std::remove_reference_t<C>>>::value &&
          std::is_convertible_v<std::remove_pointer_t<decltype(std::data(std::declval<C &>()))> (*)[],
                                T (*)[]>> {};

} // namespace detail

/** An array of a dtype that is known at run time: it refers to memory, and does not own it. */
class any_view {
  public:
    /** Items side by side in C order; the itemsize is that of strings, or 0. */
    any_view(void *data, me_dtype dtype, extents shape, std::size_t itemsize = 0)
        : data_(data), dtype_(dtype), itemsize_(itemsize), shape_(std::move(shape)) {
    }
    /** The same to read. */
    any_view(const void *data, me_dtype dtype, extents shape, std::size_t itemsize = 0)
        : any_view(const_cast<void *>(data), dtype, std::move(shape), itemsize) {
    }
    /** Items with strides in bytes, of any sign, as many as extents. */
    any_view(const void *data, me_dtype dtype, extents shape, extents strides, std::size_t itemsize = 0)
        : data_(const_cast<void *>(data)), dtype_(dtype), itemsize_(itemsize), shape_(std::move(shape)),
          strides_(std::move(strides)), has_strides_(true) {
    }

    me_dtype dtype() const noexcept {
        return dtype_;
    }
    const extents &shape() const noexcept {
        return shape_;
    }

    /** The same for C, valid as long as the view. */
    me_array c_array() const noexcept {
        me_array array{};
        array.data = data_;
        array.dtype = dtype_;
        array.itemsize = itemsize_;
        array.ndim = static_cast<int>(shape_.size());
        array.shape = shape_.data();
        array.strides = has_strides_ ? strides_.data() : nullptr;
        return array;
    }

    /** Whether there are as many strides as extents. */
    bool is_consistent() const noexcept {
        return !has_strides_ || strides_.size() == shape_.size();
    }

  private:
    void *data_;
    me_dtype dtype_;
    std::size_t itemsize_;
    extents shape_, strides_;
    bool has_strides_ = false;
};

/** Items of T in any number of dimensions: it refers to memory, and does not own it. T is const for inputs.
 */
template <class T> class view {
    static_assert(dtype_of<T> != ME_AUTO,
                  "items are bool, integers, float, double, or std::complex of either");

  public:
    /** The items of a container: a std::vector, std::array, std::span, an array of C or any other with data
     * and size. */
    template <class C, class = std::enable_if_t<detail::holds<C, T>::value>>
    view(C &&items) : view(std::data(items), std::size(items)) {
    }
    /** `count` items. */
    view(T *items, std::size_t count) : view(items, extents{static_cast<std::int64_t>(count)}) {
    }
    /** One item, without dimensions: it goes together with arrays of any shape. Of a temporary it is for one
     * call. */
    view(detail::same<T> &item) : view(&item, extents{}) {
    }
    /** The same items to read. */
    template <class U, class = std::enable_if_t<std::is_same_v<const U, T>>>
    view(const view<U> &other)
        : items_(other.items_), shape_(other.shape_), strides_(other.strides_),
          has_strides_(other.has_strides_) {
    }
    /** Items side by side in C order. */
    view(T *items, extents shape) : items_(items), shape_(std::move(shape)) {
    }
    /** Items with the distance along each dimension from one to the next, in items. */
    view(T *items, extents shape, const extents &strides)
        : items_(items), shape_(std::move(shape)), has_strides_(true) {
        std::vector<std::int64_t> bytes(strides.begin(), strides.end());
        for (std::int64_t &stride : bytes) {
            stride *= static_cast<std::int64_t>(sizeof(T));
        }
        strides_ = extents(bytes.data(), bytes.size());
    }

    T *data() const noexcept {
        return items_;
    }
    const extents &shape() const noexcept {
        return shape_;
    }
    /** Number of items. */
    std::size_t size() const noexcept {
        return detail::count_of(shape_);
    }

    operator any_view() const {
        return has_strides_ ? any_view(items_, dtype_of<T>, shape_, strides_)
                            : any_view(static_cast<const void *>(items_), dtype_of<T>, shape_);
    }

  private:
    template <class> friend class view;

    T *items_;
    extents shape_, strides_;
    bool has_strides_ = false;
};

template <class C> view(C &&) -> view<std::remove_pointer_t<decltype(std::data(std::declval<C &>()))>>;
template <class T> view(T *, std::size_t) -> view<T>;

/** Items of T side by side in C order, with their shape: what a call returns. */
template <class T> class array {
  public:
    array() = default;
    explicit array(extents shape) : shape_(std::move(shape)), items_(new T[detail::count_of(shape_)]()) {
    }

    T *data() noexcept {
        return items_.get();
    }
    const T *data() const noexcept {
        return items_.get();
    }
    const extents &shape() const noexcept {
        return shape_;
    }
    std::size_t size() const noexcept {
        return items_ ? detail::count_of(shape_) : 0;
    }
    bool empty() const noexcept {
        return size() == 0;
    }
    T *begin() noexcept {
        return data();
    }
    T *end() noexcept {
        return data() + size();
    }
    const T *begin() const noexcept {
        return data();
    }
    const T *end() const noexcept {
        return data() + size();
    }
    T &operator[](std::size_t index) noexcept {
        return data()[index];
    }
    const T &operator[](std::size_t index) const noexcept {
        return data()[index];
    }

    operator view<T>() noexcept {
        return view<T>(data(), shape_);
    }
    operator view<const T>() const noexcept {
        return view<const T>(data(), shape_);
    }

  private:
    extents shape_{0};
    std::unique_ptr<T[]> items_;
};

/* ---- what a text may name --------------------------------------------------------------- */

/** A variable with the type of its items; made by var. */
template <class T> struct variable { std::string name; };

/** A variable with items of T. */
template <class T> variable<T> var(std::string name) {
    static_assert(dtype_of<T> != ME_AUTO,
                  "items are bool, integers, float, double, or std::complex of either");
    return variable<T>{std::move(name)};
}

namespace detail {

/** Exceptions of functions of the program, by the numbers under which me_fail knows them. */
class exception_store {
  public:
    int keep(std::exception_ptr exception) {
        std::lock_guard<std::mutex> lock(mutex_);
        next_ = next_ == std::numeric_limits<int>::max() ? 1 : next_ + 1;
        // Of several threads that fail at once, one is heard.
        if (kept_.size() == 256) {
            kept_.pop_front();
        }
        kept_.emplace_back(next_, std::move(exception));
        return next_;
    }

    std::exception_ptr take(int number) noexcept {
        std::lock_guard<std::mutex> lock(mutex_);
        for (auto at = kept_.begin(); at != kept_.end(); ++at) {
            if (at->first == number) {
                std::exception_ptr exception = std::move(at->second);
                kept_.erase(at);
                return exception;
            }
        }
        return nullptr;
    }

  private:
    std::mutex mutex_;
    std::deque<std::pair<int, std::exception_ptr>> kept_;
    int next_ = 0;
};

inline exception_store &exceptions() {
    static exception_store store;
    return store;
}

/** What a pure function threw that a compile call has called. */
inline std::exception_ptr &compile_exception() {
    thread_local std::exception_ptr exception;
    return exception;
}

/** Tells the library of the exception at hand. */
inline void fail_with_current_exception(const char *message) noexcept {
#if MINIEXPR_HAS_EXCEPTIONS
    try {
        if (!me_fail(exceptions().keep(std::current_exception()), message)) {
            compile_exception() = std::current_exception();
        }
    } catch (...) {
        // Without memory to keep the exception.
        me_fail(0, message);
    }
#else
    (void)message;
#endif
}

template <class> using number = double;

template <class F, std::size_t... Index>
double call_closure(void *context, number<std::integral_constant<std::size_t, Index>>... arguments) noexcept {
#if MINIEXPR_HAS_EXCEPTIONS
    try {
        return static_cast<double>((*static_cast<F *>(context))(arguments...));
    } catch (const std::exception &exception) {
        fail_with_current_exception(exception.what());
    } catch (...) {
        fail_with_current_exception("a function of the program threw");
    }
    return std::numeric_limits<double>::quiet_NaN();
#else
    return static_cast<double>((*static_cast<F *>(context))(arguments...));
#endif
}

template <class F, std::size_t... Index> const void *closure_address(std::index_sequence<Index...>) {
    return reinterpret_cast<const void *>(
        &call_closure<F, std::integral_constant<std::size_t, Index>::value...>);
}

/** The number of doubles that F takes, 0 to 7; 8 if it takes none of these numbers. */
template <class F, std::size_t... Index> constexpr bool takes(std::index_sequence<Index...>) {
    return std::is_invocable_r_v<double, F &, number<std::integral_constant<std::size_t, Index>>...>;
}
template <class F, std::size_t Count = 0> constexpr std::size_t arity_of() {
    if constexpr (Count == 8 || takes<F>(std::make_index_sequence<Count>{})) {
        return Count;
    } else {
        return arity_of<F, Count + 1>();
    }
}

} // namespace detail

/** An entry of the table of names: a variable of a dtype that is known at run time, or a function. */
class name {
  public:
    /** A variable; the itemsize is that of strings, or 0. */
    name(std::string text, me_dtype dtype, std::size_t itemsize = 0)
        : text_(std::move(text)), dtype_(dtype), itemsize_(itemsize) {
    }
    template <class T> name(variable<T> variable) : name(std::move(variable.name), dtype_of<T>) {
    }
    /** A function of the program: `arity` doubles to one. */
    name(std::string text, std::shared_ptr<void> closure, const void *address, std::size_t arity,
         bool is_pure)
        : text_(std::move(text)), dtype_(ME_FLOAT64), address_(address),
          kind_(ME_CLOSURE0 + static_cast<int>(arity) + (is_pure ? static_cast<int>(ME_FLAG_PURE) : 0)),
          closure_(std::move(closure)) {
    }

    bool is_variable() const noexcept {
        return kind_ == ME_VARIABLE;
    }
    const std::shared_ptr<void> &closure() const noexcept {
        return closure_;
    }

    /** The same for C, valid as long as the name. */
    me_variable c_variable() const noexcept {
        me_variable entry{};
        entry.name = text_.c_str();
        entry.dtype = dtype_;
        entry.address = address_;
        entry.type = kind_;
        entry.context = closure_.get();
        entry.itemsize = itemsize_;
        return entry;
    }

  private:
    std::string text_;
    me_dtype dtype_;
    std::size_t itemsize_ = 0;
    const void *address_ = nullptr;
    int kind_ = ME_VARIABLE;
    std::shared_ptr<void> closure_;
};

/**
 * A function of the program, of 0 to 7 doubles, for texts to call by `text`: any callable, of which a copy is
 * kept.
 *
 * It is called once for each item, from all threads of an evaluation, and may throw.
 */
template <class F> name fn(std::string text, F function) {
    constexpr std::size_t arity = detail::arity_of<F>();
    static_assert(arity < 8, "functions take 0 to 7 doubles and return one");
    const void *address = detail::closure_address<F>(std::make_index_sequence<arity>{});
    return name(std::move(text), std::make_shared<F>(std::move(function)), address, arity, false);
}

/** The same, if equal arguments give equal results: calls with constant arguments happen once, at compile
 * time. */
template <class F> name pure_fn(std::string text, F function) {
    constexpr std::size_t arity = detail::arity_of<F>();
    static_assert(arity < 8, "functions take 0 to 7 doubles and return one");
    const void *address = detail::closure_address<F>(std::make_index_sequence<arity>{});
    return name(std::move(text), std::make_shared<F>(std::move(function)), address, arity, true);
}

/* ---- options ---------------------------------------------------------------------------- */

/** The defaults of this header: NumPy's language, nothing is limited. */
inline me_compile_params compile_options() noexcept {
    me_compile_params options{};
    options.struct_size = sizeof options;
    options.dialect = ME_DIALECT_NUMPY;
    return options;
}

/** For text from users, see me_sandbox_params; in NumPy's language. */
inline me_compile_params sandbox_options() noexcept {
    me_compile_params options = me_sandbox_params();
    options.dialect = ME_DIALECT_NUMPY;
    return options;
}

/** Stops evaluations from another thread. */
class cancel_flag {
  public:
    void cancel() noexcept {
        flag_.store(1, std::memory_order_relaxed);
    }
    void reset() noexcept {
        flag_.store(0, std::memory_order_relaxed);
    }
    bool is_cancelled() const noexcept {
        return flag_.load(std::memory_order_relaxed) != 0;
    }
    /** The same for C. */
    const std::int32_t *address() const noexcept {
        return reinterpret_cast<const std::int32_t *>(&flag_);
    }

  private:
    static_assert(sizeof(std::atomic<std::int32_t>) == sizeof(std::int32_t) &&
                      std::atomic<std::int32_t>::is_always_lock_free,
                  "the library reads plain numbers");
    std::atomic<std::int32_t> flag_{0};
};

/** What one evaluation may take, and how it is done. */
struct options {
    /** Threads that may work at once; -1 for as many as me_get_num_threads tells. */
    int threads = 1;
    /** Transcendental functions to one unit in the last place. */
    bool precise = false;
    /** Ends the call with ME_EVAL_ERR_CANCELLED once it is set. */
    const cancel_flag *cancel = nullptr;
    /** Ends the call with ME_EVAL_ERR_TIMEOUT after this time; zero for never. */
    std::chrono::nanoseconds timeout{0};
    /** Passes of loops that an item may take; zero for any number. */
    std::int64_t max_passes = 0;
    /** Called now and then with the numbers of items that are done and of all. May throw. */
    std::function<void(std::int64_t, std::int64_t)> progress;
};

/* ---- expressions ------------------------------------------------------------------------ */

/** A compiled expression whose arrays have dtypes that are known at run time. Usable from several threads. */
class expression {
  public:
    /** Compiles a text; `dtype` is that of the result, ME_AUTO to infer it. */
    static result<expression> try_compile(std::string_view text, const std::vector<name> &names,
                                          me_dtype dtype = ME_AUTO,
                                          const me_compile_params &options = compile_options()) {
        const std::string copy(text);
        std::vector<me_variable> table;
        expression compiled;
        for (const name &entry : names) {
            table.push_back(entry.c_variable());
            compiled.inputs_.push_back(entry.is_variable() ? compiled.input_count_++ : 0);
            if (entry.closure()) {
                compiled.closures_.push_back(entry.closure());
            }
        }
        me_expr *handle = nullptr;
        detail::compile_exception() = nullptr;
        const int status = me_compile_with(copy.c_str(), table.data(), static_cast<int>(table.size()), dtype,
                                           &options, nullptr, &handle);
        compiled.handle_.reset(handle);
#if MINIEXPR_HAS_EXCEPTIONS
        if (std::exception_ptr thrown = std::exchange(detail::compile_exception(), nullptr)) {
            std::rethrow_exception(thrown);
        }
#endif
        if (status != ME_COMPILE_SUCCESS) {
            return error::last(status, copy);
        }
        return compiled;
    }

    /** The expression for functions of C. */
    const me_expr *get() const noexcept {
        return handle_.get();
    }
    me_dtype dtype() const noexcept {
        return me_get_dtype(get());
    }
    /** Bytes of an item of the result. */
    std::size_t itemsize() const noexcept {
        return me_get_itemsize(get());
    }
    /** Whether an evaluation gives one value for any number of items. */
    bool is_scalar() const noexcept {
        return me_expr_is_scalar(get());
    }

    /** The names of the variables that an evaluation reads, in its order. */
    std::vector<std::string> used_variables() const {
        std::vector<std::string> names;
        const int count = me_expr_variable_count(get());
        for (int i = 0; i < count; i++) {
            names.emplace_back(me_expr_variable_name(get(), i));
        }
        return names;
    }

    /** What the library makes of the expression, for reading. */
    std::string dump(me_dump_kind what = ME_DUMP_IR) const {
        std::string text(me_dump(get(), what, nullptr, 0), '\0');
        // The NUL of C goes where the string has its own.
        me_dump(get(), what, text.data(), text.size() + 1);
        return text;
    }

    /** The shape of the result for inputs, one for each declared variable. */
    result<extents> try_result_shape(const std::vector<any_view> &inputs) const {
        std::vector<me_array> arrays;
        if (std::optional<error> refused = bind(inputs, arrays)) {
            return *std::move(refused);
        }
        int ndim = 0;
        std::int64_t shape[32];
        const int status =
            me_result_shape(get(), arrays.data(), static_cast<int>(arrays.size()), &ndim, shape);
        if (status != ME_EVAL_SUCCESS) {
            return error::last(status);
        }
        return extents(shape, static_cast<std::size_t>(ndim));
    }

    /** Evaluates: reads an array for each declared variable, in their order, and writes `output`. Nothing if
     * it worked. */
    std::optional<error> try_evaluate(const std::vector<any_view> &inputs, const any_view &output,
                                      const options &options = {}) const {
        std::vector<me_array> arrays;
        if (std::optional<error> refused = bind(inputs, arrays)) {
            return refused;
        }
        if (!output.is_consistent()) {
            return error(ME_EVAL_ERR_INVALID_ARG, "the output has another number of strides than of extents");
        }
        me_array to = output.c_array();
        observer watch{options};
        me_array_params params = watch.params();
        const int status =
            me_eval_arrays(get(), arrays.data(), static_cast<int>(arrays.size()), &to, &params);
        watch.rethrow();
        if (status == ME_EVAL_SUCCESS) {
            return std::nullopt;
        }
        error failure = error::last(status);
#if MINIEXPR_HAS_EXCEPTIONS
        if (status == ME_EVAL_ERR_CALLBACK) {
            if (std::exception_ptr thrown = detail::exceptions().take(failure.code())) {
                std::rethrow_exception(thrown);
            }
        }
#endif
        return failure;
    }

#if MINIEXPR_HAS_EXCEPTIONS
    /** As try_result_shape; throws an error. */
    extents result_shape(const std::vector<any_view> &inputs) const {
        return try_result_shape(inputs).value();
    }

    /** As try_evaluate; throws an error. */
    void evaluate(const std::vector<any_view> &inputs, const any_view &output,
                  const options &options = {}) const {
        if (std::optional<error> failure = try_evaluate(inputs, output, options)) {
            throw *std::move(failure);
        }
    }
#endif

  private:
    struct release {
        void operator()(me_expr *handle) const noexcept {
            me_free(handle);
        }
    };

    /** The options of an evaluation for C, and what its progress function threw. */
    struct observer {
        const miniexpr::options &options;
        cancel_flag stop{};
        std::exception_ptr thrown{};

        me_array_params params() {
            me_array_params params{};
            params.struct_size = sizeof params;
            params.eval.simd_ulp_mode = options.precise ? ME_SIMD_ULP_1 : ME_SIMD_ULP_DEFAULT;
            params.n_threads = options.threads;
            params.cancel = options.cancel ? options.cancel->address() : stop.address();
            params.timeout_ns = options.timeout.count();
            params.max_passes = options.max_passes;
            if (options.progress) {
                params.progress = &observer::tell;
                params.context = this;
            }
            return params;
        }

        static void tell(void *context, std::int64_t done, std::int64_t all) noexcept {
            observer &self = *static_cast<observer *>(context);
            if (self.thrown) {
                return;
            }
#if MINIEXPR_HAS_EXCEPTIONS
            try {
                self.options.progress(done, all);
            } catch (...) {
                // The evaluation ends soon, unless it looks at another flag: then it is not told of any more.
                self.thrown = std::current_exception();
                self.stop.cancel();
            }
#else
            self.options.progress(done, all);
#endif
        }

        void rethrow() const {
#if MINIEXPR_HAS_EXCEPTIONS
            if (thrown) {
                std::rethrow_exception(thrown);
            }
#endif
        }
    };

    expression() = default;

    /** The arrays that the library takes: those of the variables that are used. An error if the inputs are
     * others. */
    std::optional<error> bind(const std::vector<any_view> &inputs, std::vector<me_array> &arrays) const {
        if (inputs.size() != input_count_) {
            return error(ME_EVAL_ERR_VAR_MISMATCH, std::to_string(inputs.size()) + " inputs for " +
                                                       std::to_string(input_count_) + " variables");
        }
        const int count = me_expr_variable_count(get());
        for (int i = 0; i < count; i++) {
            const any_view &input = inputs[inputs_[static_cast<std::size_t>(me_expr_variable(get(), i))]];
            if (!input.is_consistent()) {
                return error(ME_EVAL_ERR_INVALID_ARG, std::string("'") + me_expr_variable_name(get(), i) +
                                                          "' has another number of strides than of extents");
            }
            arrays.push_back(input.c_array());
        }
        return std::nullopt;
    }

    std::unique_ptr<me_expr, release> handle_;
    std::vector<std::shared_ptr<void>> closures_;
    /** For each name the number of its input; 0 for functions. */
    std::vector<std::size_t> inputs_;
    std::size_t input_count_ = 0;
};

/** A compiled expression with results of R, over variables with items of Args. Usable from several threads.
 */
template <class R, class... Args> class function {
  public:
    explicit function(expression compiled) : expression_(std::move(compiled)) {
    }

    /** The expression without the types. */
    const expression &untyped() const noexcept {
        return expression_;
    }

    /** The values of all items, in an array of the shape that the arguments have together. */
    result<array<R>> try_call(const options &options, view<const Args>... arguments) const {
        const std::vector<any_view> inputs{any_view(arguments)...};
        result<extents> shape = expression_.try_result_shape(inputs);
        if (!shape) {
            return shape.error();
        }
        if (detail::count_of(*shape) > std::numeric_limits<std::size_t>::max() / 2 / sizeof(R)) {
            return error(ME_EVAL_ERR_OOM, "the result is larger than the memory");
        }
        array<R> values(*std::move(shape));
        if (std::optional<error> failure = expression_.try_evaluate(inputs, view<R>(values), options)) {
            return *std::move(failure);
        }
        return values;
    }

    /** The same with the default options. */
    result<array<R>> try_call(view<const Args>... arguments) const {
        return try_call(options{}, arguments...);
    }

    /** Evaluates into memory of the caller, which has the shape of the result. Nothing if it worked. */
    std::optional<error> try_call_into(const options &options, view<R> output,
                                       view<const Args>... arguments) const {
        return expression_.try_evaluate({any_view(arguments)...}, output, options);
    }

#if MINIEXPR_HAS_EXCEPTIONS
    /** The values of all items; throws an error. */
    array<R> operator()(view<const Args>... arguments) const {
        return call(options{}, arguments...);
    }

    /** The same with options. */
    array<R> call(const options &options, view<const Args>... arguments) const {
        return try_call(options, arguments...).value();
    }

    /** Evaluates into memory of the caller; throws an error. */
    void call_into(view<R> output, view<const Args>... arguments) const {
        call_into_with(options{}, output, arguments...);
    }

    /** The same with options. */
    void call_into_with(const options &options, view<R> output, view<const Args>... arguments) const {
        if (std::optional<error> failure = try_call_into(options, output, arguments...)) {
            throw *std::move(failure);
        }
    }

    /** The one value of a reduction, or of arguments of one item; throws an error. */
    R value(view<const Args>... arguments) const {
        const array<R> values = (*this)(arguments...);
        if (values.size() != 1) {
            throw error(ME_EVAL_ERR_INVALID_ARG,
                        "the result has " + std::to_string(values.size()) + " items, not one");
        }
        return values[0];
    }
#endif

  private:
    expression expression_;
};

namespace detail {

/** Results of R: those of the text, converted. */
template <class R, class... Args>
result<function<R, Args...>> compile_typed(std::string_view text, const std::vector<name> &names,
                                           const me_compile_params &options) {
    static_assert(dtype_of<R> != ME_AUTO,
                  "results are bool, integers, float, double, or std::complex of either");
    result<expression> compiled = expression::try_compile(text, names, dtype_of<R>, options);
    if (!compiled) {
        return compiled.error();
    }
    return function<R, Args...>(*std::move(compiled));
}

} // namespace detail

/** Compiles a text over variables, for results of R. */
template <class R, class... Args>
result<function<R, Args...>> try_compile(std::string_view text, variable<Args>... variables) {
    return detail::compile_typed<R, Args...>(text, {name(std::move(variables))...}, compile_options());
}

/** The same with options, and with functions that the text may call. */
template <class R, class... Args>
result<function<R, Args...>> try_compile(const me_compile_params &options, std::vector<name> functions,
                                         std::string_view text, variable<Args>... variables) {
    std::vector<name> names{name(std::move(variables))...};
    names.insert(names.end(), std::make_move_iterator(functions.begin()),
                 std::make_move_iterator(functions.end()));
    return detail::compile_typed<R, Args...>(text, names, options);
}

#if MINIEXPR_HAS_EXCEPTIONS
/** Compiles a text over variables, for results of R; throws an error. */
template <class R, class... Args>
function<R, Args...> compile(std::string_view text, variable<Args>... variables) {
    return try_compile<R>(text, std::move(variables)...).value();
}

/** The same with options, and with functions that the text may call. */
template <class R, class... Args>
function<R, Args...> compile(const me_compile_params &options, std::vector<name> functions,
                             std::string_view text, variable<Args>... variables) {
    return try_compile<R>(options, std::move(functions), text, std::move(variables)...).value();
}

/** Compiles a text over names whose dtypes are known at run time; throws an error. */
inline expression compile(std::string_view text, const std::vector<name> &names, me_dtype dtype = ME_AUTO,
                          const me_compile_params &options = compile_options()) {
    return expression::try_compile(text, names, dtype, options).value();
}
#endif

} // namespace miniexpr

#endif
