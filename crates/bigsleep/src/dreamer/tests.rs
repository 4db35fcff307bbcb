mod trajectory;
