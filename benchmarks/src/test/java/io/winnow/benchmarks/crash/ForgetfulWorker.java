package io.winnow.benchmarks.crash;

import java.nio.charset.StandardCharsets;

/** A worker that acknowledges what it never wrote, to show that the checker notices. */
final class ForgetfulWorker {
  private ForgetfulWorker() {}

  /** Claims one hundred calls of ten events and waits for its end. */
  public static void main(String[] args) throws java.io.IOException {
    StringBuilder claims = new StringBuilder("opening\nopen\n");
    for (int call = 0; call < 100; call++) {
      claims.append("0 ").append(call * 10).append(" 10 .\n");
    }
    System.out.write(claims.toString().getBytes(StandardCharsets.US_ASCII));
    System.out.flush();
    if (System.in.read() >= 0) {
      throw new IllegalStateException("nobody writes to it");
    }
  }
}
