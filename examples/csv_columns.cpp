// Evaluates a formula over the columns of a CSV file, whose names are its variables:
//
//     csv_columns_cpp "mean(january - july)" examples/data/sea.csv
//
// clamp is a function of the program; what it throws reaches main.

#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "miniexpr.hpp"

namespace me = miniexpr;

static double clamp(double x, double low, double high) {
    if (low > high)
        throw std::invalid_argument("clamp: the bounds are the wrong way round");
    return x < low ? low : x > high ? high : x;
}

int main(int argc, char **argv) try {
    if (argc != 3)
        throw std::runtime_error("usage: csv_columns_cpp FORMULA FILE.csv");
    std::ifstream file(argv[2]);
    std::string line, field;
    std::getline(file, line);
    std::vector<me::name> names{me::fn("clamp", clamp)};
    for (std::istringstream fields(line); std::getline(fields, field, ',');)
        names.emplace_back(field, ME_FLOAT64);
    std::vector<std::vector<double>> columns(names.size() - 1);
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        for (auto &column : columns)
            column.push_back(std::getline(fields, field, ',') ? std::stod(field) : 0);
    }

    const me::expression formula = me::compile(argv[1], names, ME_FLOAT64);
    std::vector<me::any_view> inputs;
    for (const auto &column : columns)
        inputs.push_back(me::view(column));
    me::array<double> results(formula.result_shape(inputs));
    formula.evaluate(inputs, me::view<double>(results));
    for (double result : results)
        std::cout << result << '\n';
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
