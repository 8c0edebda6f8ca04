// SPDX-License-Identifier: MIT
#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace sdme::client {

std::string coloured(const std::string& text, Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return text;
    case Colour::kBold:
      return fmt::format("\033[1m{}\033[0m", text);
    case Colour::kDim:
      return fmt::format("\033[2m{}\033[0m", text);
    case Colour::kRed:
      return fmt::format("\033[31m{}\033[0m", text);
    case Colour::kGreen:
      return fmt::format("\033[32m{}\033[0m", text);
    case Colour::kYellow:
      return fmt::format("\033[33m{}\033[0m", text);
  }
  return text;
}

void Table::add(std::vector<Cell> row) {
  for (auto& cell : row) {
    cell.text = cell.text.empty() ? "-" : printable(cell.text);
  }
  rows_.push_back(std::move(row));
}

std::string Table::text(Style style) const {
  std::vector<std::vector<Cell>> rows;
  if (style.legend) {
    auto& legend = rows.emplace_back();
    for (const auto& heading : headings_) legend.emplace_back(heading, Colour::kBold);
  }
  rows.insert(rows.end(), rows_.begin(), rows_.end());

  std::vector<std::size_t> widths(headings_.size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i].text));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += style.colours ? coloured(row[i].text, row[i].colour) : row[i].text;
      if (i + 1 < row.size()) text.append(widths[i] - columns_of(row[i].text) + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace sdme::client
