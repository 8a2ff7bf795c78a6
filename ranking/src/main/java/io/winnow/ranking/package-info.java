@NullMarked
package io.winnow.ranking;

import org.jspecify.annotations.NullMarked;
