// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace sdme::client {

enum class Colour { kNone, kBold, kDim, kRed, kGreen, kYellow };

std::string coloured(const std::string& text, Colour colour);

struct Cell {
  Cell(std::string words, Colour hue = Colour::kNone) : text(std::move(words)), colour(hue) {}
  Cell(const char* words) : text(words) {}
  std::string text;
  Colour colour = Colour::kNone;
};

// Rows of cells under headings, in columns two spaces apart. Cells are made safe to show; nothing is cut.
class Table {
 public:
  struct Style {
    bool legend = true;
    bool colours = false;
  };

  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

  void add(std::vector<Cell> row);
  std::string text(Style style) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace sdme::client
