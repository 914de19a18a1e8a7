// Solves A x = b by conjugate gradients, where A is the five-point Laplacian of a square grid in
// compressed sparse rows. A program to record: no library but the C library, no input, no clock.
#include <stdio.h>
#include <stdlib.h>

enum { kSide = 130, kRows = kSide * kSide, kIterations = 2 };

struct Matrix {
  int* row_start;  // kRows + 1
  int* column;
  double* value;
};

static void* get(size_t count, size_t size) {
  void* memory = calloc(count, size);
  if (memory == NULL) exit(3);
  return memory;
}

static struct Matrix make_laplacian(void) {
  struct Matrix a = {get(kRows + 1, sizeof(int)), get(5 * kRows, sizeof(int)),
                     get(5 * kRows, sizeof(double))};
  int n = 0;
  for (int row = 0; row < kRows; row++) {
    const int x = row % kSide, y = row / kSide;
    const int column[5] = {row - kSide, row - 1, row, row + 1, row + kSide};
    const int inside[5] = {y > 0, x > 0, 1, x < kSide - 1, y < kSide - 1};
    for (int i = 0; i < 5; i++) {
      if (!inside[i]) continue;
      a.column[n] = column[i];
      a.value[n++] = i == 2 ? 4.0 : -1.0;
    }
    a.row_start[row + 1] = n;
  }
  return a;
}

static void multiply(const struct Matrix* a, const double* x, double* y) {
  for (int row = 0; row < kRows; row++) {
    double sum = 0;
    for (int i = a->row_start[row]; i < a->row_start[row + 1]; i++)
      sum += a->value[i] * x[a->column[i]];
    y[row] = sum;
  }
}

static double dot(const double* x, const double* y) {
  double sum = 0;
  for (int i = 0; i < kRows; i++) sum += x[i] * y[i];
  return sum;
}

// y = x + scale * y, or y = y + scale * x.
static void scale_and_add(const double* x, double scale, double* y) {
  for (int i = 0; i < kRows; i++) y[i] = x[i] + scale * y[i];
}

static void add_scaled(const double* x, double scale, double* y) {
  for (int i = 0; i < kRows; i++) y[i] += scale * x[i];
}

int main(void) {
  const struct Matrix a = make_laplacian();
  double* x = get(kRows, sizeof(double));
  double* residual = get(kRows, sizeof(double));
  double* direction = get(kRows, sizeof(double));
  double* product = get(kRows, sizeof(double));
  for (int i = 0; i < kRows; i++) residual[i] = direction[i] = 1.0 + i % 7;
  double square = dot(residual, residual);
  for (int k = 0; k < kIterations; k++) {
    multiply(&a, direction, product);
    const double step = square / dot(direction, product);
    add_scaled(direction, step, x);
    add_scaled(product, -step, residual);
    const double next = dot(residual, residual);
    scale_and_add(residual, next / square, direction);
    square = next;
  }
  printf("%.12g\n", square);
  return 0;
}
