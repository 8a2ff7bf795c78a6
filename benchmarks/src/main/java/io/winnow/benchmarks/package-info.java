@NullMarked
package io.winnow.benchmarks;

import org.jspecify.annotations.NullMarked;
