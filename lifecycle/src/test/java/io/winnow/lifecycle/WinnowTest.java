package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class WinnowTest {
  @Test
  void environment_ofABuild_namesJvmSystemAndLibraries() {
    String environment = Winnow.environment();
    assertTrue(
        environment.matches(
            "Java \\d+.*, \\S.*, \\d+ processors, DJL \\d[^,]*, PyTorch \\d[^,]*, ONNX Runtime"
                + " \\d[^,]*(, commit [0-9a-f]{40})?"),
        environment);
  }
}
