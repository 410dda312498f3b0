/* Checks a bundle's golden pair with LiteRT's C library, without Python:
 *
 *   W=$(python -c "import ai_edge_litert as a; print(a.__path__[0])")
 *   cc -O2 -Wall golden.c -o golden -L$W -lLiteRt -Wl,-rpath,$W -lm
 *   ./golden client.tflite SIGNATURE client_golden_input.bin \
 *       client_golden_output.bin TOLERANCE INPUT...
 *
 * INPUT... are the names of the inputs in the contract's order. It prints the
 * largest difference in steps (bytes; of float32, 255ths of the range), and
 * ends with 0 where that is within TOLERANCE. The library comes with
 * ai-edge-litert and has no header there: what is called is declared here, as
 * in LiteRT's litert/c.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void *Handle;
typedef struct {
  unsigned rank : 7, has_strides : 1;
  int32_t dimensions[8];
  uint32_t strides[8];
} Layout;
typedef struct {
  int32_t type;
  Layout layout;
} TensorType;
enum { FLOAT32 = 1, INT32 = 2, UINT8 = 3, MOST_INPUTS = 8, CPU = 1, READ = 0, WRITE = 1 };

int LiteRtCreateEnvironment(int, const void *, Handle *);
int LiteRtCreateModelFromFile(Handle, const char *, Handle *);
int LiteRtGetNumModelSignatures(Handle, size_t *);
int LiteRtGetModelSignature(Handle, size_t, Handle *);
int LiteRtGetSignatureKey(Handle, const char **);
int LiteRtGetNumSignatureInputs(Handle, size_t *);
int LiteRtGetSignatureInputName(Handle, size_t, const char **);
int LiteRtGetSignatureInputTensorByIndex(Handle, size_t, Handle *);
int LiteRtGetSignatureOutputTensorByIndex(Handle, size_t, Handle *);
int LiteRtGetRankedTensorType(Handle, TensorType *);
int LiteRtCreateOptions(Handle *);
int LiteRtSetOptionsHardwareAccelerators(Handle, int);
int LiteRtCreateCompiledModel(Handle, Handle, Handle, Handle *);
int LiteRtGetCompiledModelInputBufferRequirements(Handle, size_t, size_t,
                                                  Handle *);
int LiteRtGetCompiledModelOutputBufferRequirements(Handle, size_t, size_t,
                                                   Handle *);
int LiteRtCreateManagedTensorBufferFromRequirements(Handle, const TensorType *,
                                                    Handle, Handle *);
int LiteRtLockTensorBuffer(Handle, void **, int);
int LiteRtUnlockTensorBuffer(Handle);
int LiteRtRunCompiledModel(Handle, size_t, size_t, Handle *, size_t, Handle *);

#define CHECK(call)                                             \
  do {                                                          \
    int status = (call);                                        \
    if (status) {                                               \
      fprintf(stderr, "%s gave status %d\n", #call, status);    \
      exit(2);                                                  \
    }                                                           \
  } while (0)

static void fail(const char *why, const char *what) {
  fprintf(stderr, "%s: %s\n", why, what);
  exit(2);
}

static size_t count(const TensorType *type) {
  size_t n = 1;
  for (unsigned i = 0; i < type->layout.rank; i++)
    n *= (size_t)type->layout.dimensions[i];
  return n;
}

static size_t bytes(const TensorType *type) {
  if (type->type != UINT8 && type->type != INT32 && type->type != FLOAT32)
    fail("a tensor is none of uint8, int32 and float32", "see the contract");
  return count(type) * (type->type == UINT8 ? 1 : 4);
}

static Handle signature_of(Handle model, const char *key, size_t *index) {
  size_t n;
  CHECK(LiteRtGetNumModelSignatures(model, &n));
  for (*index = 0; *index < n; (*index)++) {
    Handle signature;
    const char *found;
    CHECK(LiteRtGetModelSignature(model, *index, &signature));
    CHECK(LiteRtGetSignatureKey(signature, &found));
    if (!strcmp(found, key)) return signature;
  }
  fail("no such signature", key);
  return NULL;
}

static void *content(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("cannot read", path);
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  void *held = malloc(*size ? *size : 1);
  if (!held || fread(held, 1, *size, file) != *size) fail("cannot read", path);
  fclose(file);
  return held;
}

static double difference(const void *one, const void *other,
                         const TensorType *type) {
  double most = 0, low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < count(type); i++) {
    double a, b;
    if (type->type == UINT8) {
      a = ((const uint8_t *)one)[i];
      b = ((const uint8_t *)other)[i];
    } else {
      a = ((const float *)one)[i];
      b = ((const float *)other)[i];
    }
    if (isnan(a) || isnan(b)) return NAN;  // which no tolerance allows
    most = fmax(most, fabs(a - b));
    low = fmin(low, b);
    high = fmax(high, b);
  }
  return type->type == UINT8 ? most : most * 255 / (high - low);
}

int main(int argc, char **argv) {
  if (argc < 7 || argc > 6 + MOST_INPUTS)
    fail("usage: golden MODEL SIGNATURE INPUT OUTPUT TOLERANCE NAME...",
         "see the comment at the top");
  Handle environment, model, options, compiled, requirements, tensor;
  Handle inputs[MOST_INPUTS], output;
  size_t index, n, size, wanted_size, offset = 0;
  CHECK(LiteRtCreateEnvironment(0, NULL, &environment));
  CHECK(LiteRtCreateModelFromFile(environment, argv[1], &model));
  Handle signature = signature_of(model, argv[2], &index);
  char *fed = content(argv[3], &size), *wanted = content(argv[4], &wanted_size);
  CHECK(LiteRtCreateOptions(&options));
  CHECK(LiteRtSetOptionsHardwareAccelerators(options, CPU));
  CHECK(LiteRtCreateCompiledModel(environment, model, options, &compiled));
  CHECK(LiteRtGetNumSignatureInputs(signature, &n));
  if (n != (size_t)argc - 6) fail("inputs are missing", argv[2]);
  for (int k = 6; k < argc; k++) {
    size_t at = 0;
    const char *name = NULL;
    for (; at < n; at++) {
      CHECK(LiteRtGetSignatureInputName(signature, at, &name));
      if (!strcmp(name, argv[k])) break;
    }
    if (at == n) fail("no such input", argv[k]);
    TensorType type;
    void *place;
    CHECK(LiteRtGetSignatureInputTensorByIndex(signature, at, &tensor));
    CHECK(LiteRtGetRankedTensorType(tensor, &type));
    CHECK(LiteRtGetCompiledModelInputBufferRequirements(compiled, index, at,
                                                        &requirements));
    CHECK(LiteRtCreateManagedTensorBufferFromRequirements(
        environment, &type, requirements, &inputs[at]));
    if (offset + bytes(&type) > size) fail("too short", argv[3]);
    CHECK(LiteRtLockTensorBuffer(inputs[at], &place, WRITE));
    memcpy(place, fed + offset, bytes(&type));
    CHECK(LiteRtUnlockTensorBuffer(inputs[at]));
    offset += bytes(&type);
  }
  if (offset != size) fail("too long", argv[3]);
  TensorType type;
  void *sent;
  CHECK(LiteRtGetSignatureOutputTensorByIndex(signature, 0, &tensor));
  CHECK(LiteRtGetRankedTensorType(tensor, &type));
  CHECK(LiteRtGetCompiledModelOutputBufferRequirements(compiled, index, 0,
                                                       &requirements));
  CHECK(LiteRtCreateManagedTensorBufferFromRequirements(environment, &type,
                                                        requirements, &output));
  if (bytes(&type) != wanted_size) fail("not of the output's size", argv[4]);
  CHECK(LiteRtRunCompiledModel(compiled, index, n, inputs, 1, &output));
  CHECK(LiteRtLockTensorBuffer(output, &sent, READ));
  double apart = difference(sent, wanted, &type);
  printf("%g\n", apart);
  return apart <= atof(argv[5]) ? 0 : 1;
}
