"""Reading .tflite files: bounds-checked bytes, the schema, and the view that rules see."""
